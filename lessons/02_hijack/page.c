/* page.html as it stands, inside the program: a text that ends with NUL. */
__asm__(".pushsection .rodata\n"
        ".global lesson_page\n"
        ".type lesson_page, @object\n"
        "lesson_page: .incbin \"" LESSON_PAGE_FILE "\"\n"
        ".byte 0\n"
        ".size lesson_page, . - lesson_page\n"
        ".popsection\n");
