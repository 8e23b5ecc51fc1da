/*
 * The questions of a lesson about a capture, lessons/NN_name/questions.ini: which talk the capture
 * is made from, and a group for each question, [1], [2], … The answers are nowhere in it: facts.h
 * finds them in the capture.
 */
#ifndef WSLAB_QUESTIONS_H
#define WSLAB_QUESTIONS_H

#include "facts.h"

typedef struct question {
    char *text; /* question= */
    fact *asks; /* fact= and its arguments */
    char *why;  /* why=: what it is good for, told behind the right answer */
} question;

typedef struct questions {
    char *talk;      /* path of the script of the capture */
    GPtrArray *list; /* of question, in their order */
} questions;

/* Read FOLDER/questions.ini. An error names the file, the group, the key and what is wrong with it;
 * G_FILE_ERROR_NOENT where there is no such file. */
questions *questions_read(const char *folder, GError **error);
void questions_free(questions *q);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(questions, questions_free)

#endif
