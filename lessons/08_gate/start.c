/* Given: the program of lesson 08. */
#include "08_gate/gate.h"

int main(int argc, char **argv)
{
    chat_rules all = gate_rules;
    all.purpose = "A chat for those who have a token; SIGTERM stops it.";
    all.options = gate_options;
    all.start = gate_start;
    return chat_run(argc, argv, &all);
}
