/* prof/gpu.h - the graphics processors of the machine, by NVML where that is installed. */
#ifndef PROF_GPU_H
#define PROF_GPU_H

#include "prof/gauges.h"

#define GPU_LIBRARY     "libnvidia-ml.so.1"
#define GPU_DEVICES_MAX 16

/* What is used of NVML, as its documentation declares it. */
struct gpu_utilization {
	unsigned int gpu, memory; /* per cent */
};
struct gpu_memory {
	unsigned long long total, free, used;
};
struct gpu_calls {
	int (*init)(void);
	int (*shutdown)(void);
	int (*count)(unsigned int *count);
	int (*handle)(unsigned int index, void **device);
	int (*utilization)(void *device, struct gpu_utilization *out);
	int (*memory)(void *device, struct gpu_memory *out);
	int (*power)(void *device, unsigned int *milliwatts);
	int (*temperature)(void *device, int sensor, unsigned int *celsius);
};

/* Zeroed memory is one without any. */
struct gpu {
	void *library;
	struct gpu_calls calls;
	void *devices[GPU_DEVICES_MAX];
	size_t count;
	char reason[160]; /* why there is none */
};

/* Loads the library. Where there is none, or no device, it says why and reads nothing. */
void gpu_open(struct gpu *gpu, const char *library);
void gpu_close(struct gpu *gpu);

/* Fills in the mean use, the sum of memory and power, and the greatest temperature. */
void gpu_read(const struct gpu *gpu, struct gauges *gauges);

#endif
