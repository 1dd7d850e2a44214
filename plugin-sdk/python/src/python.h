/* python.h - Python.h, whose inline functions are not ours to warn about. */
#ifndef FAST_PYTHON_HEADER_H
#define FAST_PYTHON_HEADER_H

#pragma GCC system_header

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <pythread.h>
#include <structmember.h>

/* With the headers of 3.12 and 3.13 it counts no reference, and a build with these may run in
 * a 3.10, which would free None in the end. */
#undef Py_RETURN_NONE
#define Py_RETURN_NONE return Py_INCREF(Py_None), Py_None

#ifdef Py_TPFLAGS_IMMUTABLETYPE /* since 3.10 */
#define TYPE_FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE)
#else
#define TYPE_FLAGS Py_TPFLAGS_DEFAULT
#endif

#endif
