/* support/harness.h - cmocka, and the two assertions that every test of ours wants. */
#ifndef FAST_TEST_HARNESS_H
#define FAST_TEST_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fast/status.h>

#define assert_status(expected, expression) assert_int_equal((int)(expected), (int)(expression))
#define assert_ok(expression)               assert_status(FAST_OK, expression)

#define FAST_TEST_COUNT(tests) (sizeof(tests) / sizeof *(tests))

#endif
