/* tests/controller/fake_answers.h - what the fake daemon's handlers answer with. */
#ifndef TEST_FAKE_ANSWERS_H
#define TEST_FAKE_ANSWERS_H

#include "tests/controller/fake_fastd.h"

#include <fast/v1/types.pb-c.h>

#define FAKE_SECOND INT64_C(1000000000)
/* 2024-05-01T09:30:00Z, when all began. */
#define FAKE_EPOCH (INT64_C(1714555800) * FAKE_SECOND)
#define FAKE_OTHER "uid 7 pid 8 (another)"

extern const int64_t fake_heights[FAKE_SETTINGS];

/* A param's state and all that it points at: it does not move. */
struct fake_knob {
	Fast__V1__ParamSpec spec;
	Fast__V1__ParamValue choices[FAKE_SETTINGS];
	Fast__V1__ParamValue *choice_list[FAKE_SETTINGS];
	Fast__V1__ParamValue desired;
	Fast__V1__ParamState state;
	Fast__V1__ParamState *list[1];
};

int64_t fake_now_ns(void);

/* Counts the frames until now. Under the lock. */
void fake_advance(struct fake_fastd *fake);

/* The two that follow take the lock. */
void fake_samples(struct fake_fastd *fake, Fast__V1__Sample *samples);
void fake_knob(struct fake_fastd *fake, struct fake_knob *knob);

void fake_plugin(Fast__V1__PluginInfo *info, const char *name);

#endif
