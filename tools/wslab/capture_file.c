#include "capture_file.h"

#include "capture.h"
#include "lab.h"

#include <errno.h>
#include <stdio.h>

gboolean capture_file_write(const transcript *said, const char *path, GError **error)
{
    FILE *file = fopen(path, "wb");
    gboolean written = file && capture_write(said, file);
    int failed = errno;
    if (file && fclose(file) != 0 && written) {
        failed = errno;
        written = FALSE;
    }
    if (!written)
        lab_wrong(error, LAB_CANNOT, "cannot write %s: %s", path, g_strerror(failed));
    return written;
}
