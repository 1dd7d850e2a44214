/* python.h - Python.h, whose inline functions are not ours to warn about. */
#ifndef FAST_PYTHON_HEADER_H
#define FAST_PYTHON_HEADER_H

#pragma GCC system_header

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <pythread.h>
#include <structmember.h>

#endif
