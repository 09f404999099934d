#include "instance.h"

#include <string.h>

Instance instance_in(const char *target, const char *end) {
    Instance instance = {0};
    const char *at = memchr(target, '?', (size_t)(end - target));
    while (at != NULL && ++at < end) {
        const char *next = memchr(at, '&', (size_t)(end - at)), *stop = next != NULL ? next : end;
        size_t length = (size_t)(stop - at);
#define VALUE_OF(name) (length >= sizeof name && memcmp(at, name "=", sizeof name) == 0)
#define VALUE_BEHIND(name) ((Text){at + sizeof name, length - sizeof name})
        if (VALUE_OF("serviceName")) instance.service = VALUE_BEHIND("serviceName");
        else if (VALUE_OF("clusterName")) instance.cluster = VALUE_BEHIND("clusterName");
        else if (VALUE_OF("ip")) instance.ip = VALUE_BEHIND("ip");
        else if (VALUE_OF("port")) instance.port = VALUE_BEHIND("port");
        else if (VALUE_OF("beat")) instance.has_beat = true;
#undef VALUE_OF
#undef VALUE_BEHIND
        at = next;
    }
    return instance;
}

static bool is_letter_or_digit(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Nacos: letters, digits and hyphens, up to 64 of them. */
bool instance_is_valid(Instance instance) {
    if (instance.service.length == 0 || instance.ip.length == 0 || instance.port.length == 0) return false;
    if (instance.cluster.at != NULL && (instance.cluster.length == 0 || instance.cluster.length > 64)) return false;
    for (size_t i = 0; i < instance.cluster.length; i++)
        if (!is_letter_or_digit((unsigned char)instance.cluster.at[i]) && instance.cluster.at[i] != '-') return false;
    for (size_t i = 0; i < instance.port.length; i++)
        if (instance.port.at[i] < '0' || instance.port.at[i] > '9') return false;
    return true;
}
