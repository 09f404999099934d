#ifndef BEATD_CSQLITE_SHIM_H
#define BEATD_CSQLITE_SHIM_H

#include <sqlite3.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/vfs.h>

/* SQLITE_TRANSIENT is a cast, which Swift does not import: SQLite copies the bytes. */
static inline int beatd_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, size_t count) {
    return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}

/* sqlite3_db_config is variadic: closing this connection leaves the main file as it is. */
static inline int beatd_keep_wal_on_close(sqlite3 *database) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

/* The type of the file system that an open descriptor lies on (statfs(2)); 0 when it cannot be told. */
static inline unsigned int beatd_file_system_of(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (unsigned int)status.f_type : 0;
}

#endif
