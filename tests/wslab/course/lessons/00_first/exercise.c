#include <stdio.h>

int main(void)
{
    puts("one");
    /* TODO 00.2: the second line. */
    return 0;
}
