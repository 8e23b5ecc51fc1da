/* A page as it stands in its file, inside the program: a text that ends with NUL. */
#define TEXT(word) TEXT_OF(word)
#define TEXT_OF(word) #word
// clang-format off
__asm__(".pushsection .rodata\n.global " TEXT(LESSON_PAGE) "\n"
        ".type " TEXT(LESSON_PAGE) ", @object\n" TEXT(LESSON_PAGE) ": .incbin \"" LESSON_PAGE_FILE "\"\n"
        ".byte 0\n.size " TEXT(LESSON_PAGE) ", . - " TEXT(LESSON_PAGE) "\n.popsection\n");
