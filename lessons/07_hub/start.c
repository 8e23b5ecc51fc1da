/* The program of lesson 07: a chat in which everybody may do everything. */
#include "07_hub/chat.h"

int main(int argc, char **argv)
{
    return chat_run(argc, argv, &(chat_rules){.purpose = "A chat with rooms; SIGTERM stops it."});
}
