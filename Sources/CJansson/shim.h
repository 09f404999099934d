#ifndef BEATD_CJANSSON_SHIM_H
#define BEATD_CJANSSON_SHIM_H

#include <jansson.h>

#endif
