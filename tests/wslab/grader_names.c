#include "grader_names.h"

#include "fact_kinds.h"
#include "step.h"
#include "talk_step.h"

const char *case_step_name(size_t i)
{
    size_t count;
    const verb *all = verbs(&count);
    return i < count ? all[i].name : NULL;
}

const char *case_step_shape(size_t i)
{
    size_t count;
    const verb *all = verbs(&count);
    return i < count ? all[i].shape : NULL;
}

const char *talk_step_name(size_t i)
{
    return i < talk_verb_count ? talk_verbs[i].name : NULL;
}

const char *fact_name(size_t i)
{
    return i < fact_kind_count ? fact_kinds[i].name : NULL;
}

const char *frame_options(void)
{
    return FRAME_LINE_OPTIONS;
}
