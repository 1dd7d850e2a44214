/* Two devices, as NVML would tell of them. */
#define API __attribute__((visibility("default")))

API int nvmlInit_v2(void);
API int nvmlShutdown(void);
API int nvmlDeviceGetCount_v2(unsigned int *count);
API int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device);
API int nvmlDeviceGetUtilizationRates(void *device, unsigned int *use);
API int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *memory);
API int nvmlDeviceGetPowerUsage(void *device, unsigned int *milliwatts);
API int nvmlDeviceGetTemperature(void *device, int sensor, unsigned int *celsius);

static int devices[2] = {0, 1};

static unsigned int index_of(const void *device)
{
	return device == &devices[0] ? 0 : 1;
}

int nvmlInit_v2(void)
{
	return 0;
}

int nvmlShutdown(void)
{
	return 0;
}

int nvmlDeviceGetCount_v2(unsigned int *count)
{
	*count = 2;
	return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device)
{
	*device = &devices[index];
	return 0;
}

int nvmlDeviceGetUtilizationRates(void *device, unsigned int *use)
{
	use[0] = index_of(device) == 0 ? 40 : 60;
	use[1] = 5;
	return 0;
}

int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *memory)
{
	memory[0] = 1000;
	memory[1] = 900;
	memory[2] = 100 + index_of(device);
	return 0;
}

/* The second cannot tell. */
int nvmlDeviceGetPowerUsage(void *device, unsigned int *milliwatts)
{
	*milliwatts = 7500;
	return index_of(device) == 0 ? 0 : 3;
}

int nvmlDeviceGetTemperature(void *device, int sensor, unsigned int *celsius)
{
	*celsius = 50 + 10 * index_of(device);
	return sensor;
}
