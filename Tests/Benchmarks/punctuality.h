/* How punctual the beats of each instance are, as the server sees it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "instance.h"

/* False when there is no memory. `period` in ns. */
bool punctuality_begin(int64_t period);
/* A beat of this instance was read at `now`, ns of the monotonic clock. */
void punctuality_heard(Text service, Text ip, Text port, int64_t now);
/* Beats are told to come this often from now on; ns. */
void punctuality_period(int64_t period);
/* Forgets the figures, not the instances: a measurement starts now. */
void punctuality_reset(void);
/* Appends the figures as the members of a JSON object; returns their length. */
int punctuality_json(char *to, size_t size);
int64_t monotonic_ns(void);
