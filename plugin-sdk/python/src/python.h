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

/* What help() shows of a method, and inspect.signature() reads. */
#define DOC(name, parameters, text) name "(" parameters ")\n--\n\n" text

/* Of what the collector must see. */
#if PY_VERSION_HEX < 0x03080000
#define GC_FLAGS (Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_FINALIZE)
#else
#define GC_FLAGS Py_TPFLAGS_HAVE_GC
#endif
/* In a traverse function: objects hold on to their types since 3.8, and say so since 3.9. */
#if PY_VERSION_HEX < 0x03090000
#define VISIT_TYPE(object) (void)(object)
#else
#define VISIT_TYPE(object) Py_VISIT(Py_TYPE(object))
#endif

#ifdef Py_TPFLAGS_IMMUTABLETYPE /* since 3.10 */
#define TYPE_FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE)
#else
#define TYPE_FLAGS Py_TPFLAGS_DEFAULT
#endif

#endif
