#include "prof/gpu.h"
#include "tests/support/harness.h"

#include <math.h>
#include <string.h>

static void two_devices_are_read_as_one(void **state)
{
	struct gauges gauges;
	struct gpu gpu;

	(void)state;
	gpu_open(&gpu, FAKE_NVML);
	assert_int_equal(2, gpu.count);
	gauges_clear(&gauges);
	gpu_read(&gpu, &gauges);
	assert_float_equal(gauges.values[GAUGE_GPU_USE], 0.5, 1e-9);
	assert_float_equal(gauges.values[GAUGE_GPU_MEMORY], 201, 0);
	assert_float_equal(gauges.values[GAUGE_GPU_POWER], 7.5, 1e-9);
	assert_float_equal(gauges.values[GAUGE_GPU_TEMPERATURE], 60, 0);
	gpu_close(&gpu);
}

static void a_machine_without_the_library_reads_nothing_and_says_why(void **state)
{
	struct gauges gauges;
	struct gpu gpu;

	(void)state;
	gpu_open(&gpu, "libno-such-library.so.1");
	assert_int_equal(0, gpu.count);
	assert_non_null(strstr(gpu.reason, "not installed"));
	gauges_clear(&gauges);
	gpu_read(&gpu, &gauges);
	assert_true(isnan(gauges.values[GAUGE_GPU_USE]));
	gpu_close(&gpu);
}

static void a_library_that_is_not_nvml_is_refused(void **state)
{
	struct gpu gpu;

	(void)state;
	gpu_open(&gpu, "libm.so.6");
	assert_int_equal(0, gpu.count);
	assert_non_null(strstr(gpu.reason, "nvmlInit_v2"));
	gpu_close(&gpu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_devices_are_read_as_one),
		cmocka_unit_test(a_machine_without_the_library_reads_nothing_and_says_why),
		cmocka_unit_test(a_library_that_is_not_nvml_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
