/* What the query of an instance's request says. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Bytes of a request. */
typedef struct {
    const char *at;
    size_t length;
} Text;

typedef struct {
    Text service, cluster, ip, port;
    bool has_beat; /* the JSON of a full beat */
} Instance;

/* In one pass: it is made for every beat. */
Instance instance_in(const char *target, const char *end);
/* False for what no Nacos would take. */
bool instance_is_valid(Instance instance);
