/*
 * Compiles a learner's file as CMake wrote it down in recipe.ini, without CMake. What is compiled
 * is kept: nothing is done where the program is newer than all that it is made of.
 */
#ifndef WSLAB_COMPILE_H
#define WSLAB_COMPILE_H

#include <glib.h>

/* How a program can be built: "plain", "thread", "address" in the recipe. */
typedef enum compile_kind { COMPILE_PLAIN, COMPILE_THREAD, COMPILE_ADDRESS } compile_kind;
enum { COMPILE_KINDS = 3 };

extern const char *const compile_kinds[COMPILE_KINDS];

/* "thread" or "address" -> *kind; FALSE for another word. */
gboolean compile_kind_of(const char *word, compile_kind *kind);

typedef struct recipe recipe;

recipe *recipe_read(const char *path, GError **error);
void recipe_free(recipe *r);

/* Why programs of this kind cannot be built with this recipe; NULL when they can. */
const char *recipe_lacks(const recipe *r, compile_kind kind);

/* The compiler's command, for people. */
const char *recipe_compiler(const recipe *r);

typedef enum compile_result {
    COMPILE_DONE,
    COMPILE_REFUSED, /* the compiler found mistakes */
    COMPILE_CANNOT,  /* the compiler did not run: *error says why */
} compile_result;

/*
 * Compile SOURCE, for the lesson of this name ("07_hub"; NULL = none; a path from `from`, the
 * folder that the compiler runs in and from which it names files) to PROGRAM (absolute), whose
 * folder is made where it is missing. *messages is what the compiler said; free it.
 */
compile_result compile(const recipe *r, compile_kind kind, const char *lesson, const char *from,
                       const char *source, const char *program, gboolean colours, char **messages,
                       GError **error);

#endif
