#include <stdio.h>

int main(void)
{
    puts("00.1");
    /* TODO 00.2: print it */
    return 0;
}
