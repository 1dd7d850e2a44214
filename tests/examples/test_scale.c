#include <tests/support/harness.h>

#include "scale.h"
#include <tests/support/fault_alloc.h>

#include <math.h>
#include <stdlib.h>

#define SIDE 16

/* A square picture whose planes are one buffer each. */
struct square {
	uint8_t luma[SIDE * SIDE];
	uint8_t chroma[2][SIDE * SIDE / 4];
	struct picture picture;
};

static void square_init(struct square *square)
{
	square->picture = (struct picture){
		.plane = {square->luma, square->chroma[0], square->chroma[1]},
		.stride = {SIDE, SIDE / 2, SIDE / 2},
		.width = SIDE,
		.height = SIDE,
	};
	for (size_t i = 0; i < sizeof square->luma; i++) {
		square->luma[i] = (uint8_t)(7 * i + i / SIDE);
	}
	for (size_t i = 0; i < sizeof square->chroma[0]; i++) {
		square->chroma[0][i] = (uint8_t)(100 + i);
		square->chroma[1][i] = (uint8_t)(200 - i);
	}
}

static void the_same_size_is_passed_on(void **state)
{
	struct square square;
	struct scaler *scaler = NULL;
	struct picture out;

	(void)state;
	square_init(&square);
	assert_ok(scaler_new(SIDE, SIDE, SIDE, SIDE, &scaler));
	scaler_run(scaler, &square.picture, &out);
	assert_ptr_equal(out.plane[0], square.luma);
	assert_int_equal(out.width, SIDE);
	scaler_free(scaler);
}

static void half_the_size_is_the_mean_of_four(void **state)
{
	struct square square;
	struct scaler *scaler = NULL;
	struct picture out;

	(void)state;
	square_init(&square);
	assert_ok(scaler_new(SIDE, SIDE, SIDE / 2, SIDE / 2, &scaler));
	scaler_run(scaler, &square.picture, &out);
	for (size_t y = 0; y < SIDE / 2; y++) {
		for (size_t x = 0; x < SIDE / 2; x++) {
			const uint8_t *old = square.luma + 2 * y * SIDE + 2 * x;
			int mean = (old[0] + old[1] + old[SIDE] + old[SIDE + 1] + 2) / 4;

			assert_int_equal(out.plane[0][y * out.stride[0] + x], mean);
		}
	}
	scaler_free(scaler);
}

static void a_flat_picture_stays_flat_at_any_size(void **state)
{
	static const int values[] = {0, 1, 128, 254, 255};

	(void)state;
	for (size_t side = 2; side <= SIDE; side += 2) {
		struct scaler *scaler = NULL;
		struct square square;
		struct picture out;

		assert_ok(scaler_new(SIDE, SIDE, side, side, &scaler));
		for (size_t i = 0; i < 5; i++) {
			square_init(&square);
			for (size_t j = 0; j < sizeof square.luma; j++) {
				square.luma[j] = (uint8_t)values[i];
			}
			scaler_run(scaler, &square.picture, &out);
			for (size_t j = 0; j < side * side; j++) {
				assert_int_equal(out.plane[0][j], values[i]);
			}
		}
		scaler_free(scaler);
	}
}

static void uneven_ratios_keep_the_mean(void **state)
{
	struct square square;
	struct scaler *scaler = NULL;
	struct picture out;
	double before = 0;
	double after = 0;

	(void)state;
	square_init(&square);
	assert_ok(scaler_new(SIDE, SIDE, 6, 10, &scaler));
	scaler_run(scaler, &square.picture, &out);
	assert_int_equal(out.width, 6);
	assert_int_equal(out.height, 10);
	for (size_t i = 0; i < SIDE * SIDE; i++) {
		before += square.luma[i];
	}
	for (size_t i = 0; i < 60; i++) {
		after += out.plane[0][i];
	}
	assert_true(fabs(before / (SIDE * SIDE) - (after / 60)) < 0.5);
	scaler_free(scaler);
}

static void new_survives_each_allocation_failure(void **state)
{
	struct scaler *scaler = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		status = scaler_new(SIDE, SIDE, 6, 10, &scaler);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(scaler);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	scaler_free(scaler);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_size_is_passed_on),
		cmocka_unit_test(half_the_size_is_the_mean_of_four),
		cmocka_unit_test(a_flat_picture_stays_flat_at_any_size),
		cmocka_unit_test(uneven_ratios_keep_the_mean),
		cmocka_unit_test(new_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
