#include "prof/gpu.h"

#include <dlfcn.h>
#include <math.h>
#include <string.h>

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
	{"nvmlInit_v2", offsetof(struct gpu_calls, init)},
	{"nvmlShutdown", offsetof(struct gpu_calls, shutdown)},
	{"nvmlDeviceGetCount_v2", offsetof(struct gpu_calls, count)},
	{"nvmlDeviceGetHandleByIndex_v2", offsetof(struct gpu_calls, handle)},
	{"nvmlDeviceGetUtilizationRates", offsetof(struct gpu_calls, utilization)},
	{"nvmlDeviceGetMemoryInfo", offsetof(struct gpu_calls, memory)},
	{"nvmlDeviceGetPowerUsage", offsetof(struct gpu_calls, power)},
	{"nvmlDeviceGetTemperature", offsetof(struct gpu_calls, temperature)},
};

static bool gpu_load(struct gpu *gpu)
{
	for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
		void *symbol = dlsym(gpu->library, symbols[i].name);

		if (symbol == NULL) {
			snprintf(gpu->reason, sizeof gpu->reason, "NVML has no %s",
				 symbols[i].name);
			return false;
		}
		/* A function's address, as POSIX lets dlsym() give it. */
		memcpy((char *)&gpu->calls + symbols[i].offset, &symbol, sizeof symbol);
	}
	return true;
}

static void gpu_find(struct gpu *gpu)
{
	unsigned int count = 0;

	if (gpu->calls.count(&count) != 0) {
		count = 0;
	}
	for (unsigned int i = 0; i < count && gpu->count < GPU_DEVICES_MAX; i++) {
		if (gpu->calls.handle(i, &gpu->devices[gpu->count]) == 0) {
			gpu->count++;
		}
	}
	if (gpu->count == 0) {
		snprintf(gpu->reason, sizeof gpu->reason, "NVML finds no device");
	}
}

void gpu_open(struct gpu *gpu, const char *library)
{
	*gpu = (struct gpu){0};
	gpu->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (gpu->library == NULL) {
		snprintf(gpu->reason, sizeof gpu->reason, "%s is not installed", library);
		return;
	}
	if (!gpu_load(gpu) || gpu->calls.init() != 0) {
		if (gpu->reason[0] == '\0') {
			snprintf(gpu->reason, sizeof gpu->reason, "NVML does not start");
		}
		dlclose(gpu->library);
		gpu->library = NULL;
		return;
	}
	gpu_find(gpu);
}

void gpu_close(struct gpu *gpu)
{
	if (gpu->library != NULL) {
		(void)gpu->calls.shutdown();
		dlclose(gpu->library);
	}
	*gpu = (struct gpu){0};
}

static void add(double *sum, double more)
{
	*sum = isnan(*sum) ? more : *sum + more;
}

void gpu_read(const struct gpu *gpu, struct gauges *gauges)
{
	double *values = gauges->values;

	for (size_t i = 0; i < gpu->count; i++) {
		struct gpu_utilization use;
		struct gpu_memory memory;
		unsigned int number;

		if (gpu->calls.utilization(gpu->devices[i], &use) == 0) {
			add(&values[GAUGE_GPU_USE], use.gpu / 100.0 / (double)gpu->count);
		}
		if (gpu->calls.memory(gpu->devices[i], &memory) == 0) {
			add(&values[GAUGE_GPU_MEMORY], (double)memory.used);
		}
		if (gpu->calls.power(gpu->devices[i], &number) == 0) {
			add(&values[GAUGE_GPU_POWER], number / 1e3);
		}
		if (gpu->calls.temperature(gpu->devices[i], 0, &number) == 0) {
			values[GAUGE_GPU_TEMPERATURE] = fmax(values[GAUGE_GPU_TEMPERATURE], number);
		}
	}
}
