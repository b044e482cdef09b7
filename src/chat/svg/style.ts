/** Holders are told apart by their letter; the hues only help, and come round again after so many. */
export const hues = 6;

const light = `
.ground{fill:#ffffff}.ink{fill:#1b1f24}.dim{fill:#57606a}.warn{fill:#8a4600}.bad{fill:#a40e26}
.box{fill:#f6f8fa;stroke:#6e7781}.inner{fill:#ffffff;stroke:#8c959f}.wire{stroke:#57606a}
.track{fill:#e4e8ec;stroke:#6e7781}.load{fill:#0a5a9c}.over{fill:#a40e26}
.free{fill:#ffffff;stroke:#1a7f37}.part{fill:#fff3c4;stroke:#7d5a00}.closed,.cordoned,.unpromised{fill:#e4e8ec;stroke:#57606a}
.down{fill:#ffd7d5;stroke:#a40e26}.held{stroke:#1b1f24}.mark{fill:#1b1f24}
.h0{fill:#b6d8ff}.h1{fill:#ffd8a8}.h2{fill:#c9f0cf}.h3{fill:#e6ccff}.h4{fill:#ffccd9}.h5{fill:#bff0ee}.other{fill:#d0d7de}`;

const dark = `
.ground{fill:#0d1117}.ink{fill:#e6edf3}.dim{fill:#9da7b1}.warn{fill:#f0b458}.bad{fill:#ff8a80}
.box{fill:#161b22;stroke:#8b949e}.inner{fill:#0d1117;stroke:#6e7681}.wire{stroke:#9da7b1}
.track{fill:#2d333b;stroke:#8b949e}.load{fill:#58a6ff}.over{fill:#ff7b72}
.free{fill:#0d1117;stroke:#3fb950}.part{fill:#4d3b00;stroke:#e3b341}.closed,.cordoned,.unpromised{fill:#2d333b;stroke:#9da7b1}
.down{fill:#5c1a1a;stroke:#ff7b72}.held{stroke:#e6edf3}.mark{fill:#f0f6fc}
.h0{fill:#0b3d70}.h1{fill:#6b3a00}.h2{fill:#0f4a1f}.h3{fill:#48236e}.h4{fill:#6e1d38}.h5{fill:#0a4a4a}.other{fill:#373e47}`;

/** Looks of all pictures: dark letters on light, the other way round where the reader's screen is dark. */
export const style = `text{font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;font-size:13px}
.title{font-size:18px;font-weight:600}.strong{font-weight:600}.small{font-size:11px}
.mark{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:12px;text-anchor:middle}
.wire{fill:none}${light}
@media (prefers-color-scheme:dark){${dark}
}
`;
