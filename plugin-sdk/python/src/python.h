/* python.h - Python.h, whose inline functions are not ours to warn about. */
#ifndef FAST_PYTHON_HEADER_H
#define FAST_PYTHON_HEADER_H

#pragma GCC system_header

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <pythread.h>
#include <structmember.h>

#ifdef Py_TPFLAGS_IMMUTABLETYPE /* since 3.10 */
#define TYPE_FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE)
#else
#define TYPE_FLAGS Py_TPFLAGS_DEFAULT
#endif

#endif
