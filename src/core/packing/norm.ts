/** CPU milli of the largest node of the published experiments, by which their baselines measure CPUs. */
export const cpuPerNode = 128_000;

/** CPU milli that weigh as much as one GPU milli: their largest node has 8,000 of these. */
export const gpuWeight = 16;
