/* Moving a window of counts. See rates.h. */
#include "rates.h"

#include <string.h>

int64_t rates_second(int64_t time_ns)
{
    return time_ns / 1000000000 - (time_ns % 1000000000 < 0);
}

void rates_move(void *counts, size_t size, int places, int64_t by)
{
    size_t gone = size * (size_t)(by < places ? by : places);
    size_t kept = size * (size_t)places - gone;
    memmove(counts, (char *)counts + gone, kept);
    memset((char *)counts + kept, 0, gone);
}

int rates_place(int places, int64_t newest, int64_t now)
{
    return newest - now < places ? places - 1 - (int)(newest - now) : -1;
}
