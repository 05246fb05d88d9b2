/* A PKCS#11 module that passes everything on to SoftHSM, but for what its environment asks:
 *
 *   WAYWARD_SIGNATURES=N   the token is pulled out after N signatures
 *   WAYWARD_SESSIONS=N     no more than N sessions at a time
 *   WAYWARD_FLAGS=HEX      more flags in CK_TOKEN_INFO
 *   WAYWARD_DAMAGE=1       signatures have a bit turned over
 *   WAYWARD_SHORT=1        signatures are a byte short
 *   WAYWARD_EACH=1         keys want the PIN for every signature, given between the
 *                          beginning of the operation and its data, and take data in steps
 *   WAYWARD_LOG=FILE       a line for each session, login and signature
 *
 * Written against the published layout of the function list (PKCS#11 2.40, 5.1). */

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long ulong;
typedef ulong (*function)(void);
typedef struct { unsigned char major, minor; function f[68]; } list;

enum { TOKEN_INFO = 6, OPEN_SESSION = 12, CLOSE_SESSION = 13, LOGIN = 18,
       ATTRIBUTE = 24, SIGN_INIT = 42, SIGN = 43, SIGN_UPDATE = 44, SIGN_FINAL = 45 };
enum { OK = 0, DEVICE_REMOVED = 0x32, NOT_INITIALIZED = 0x91, SESSION_COUNT = 0xb1,
       NOT_LOGGED_IN = 0x101 };

static list ours, *theirs;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long signatures, sessions;
static __thread struct { ulong session, length; int begun, entered; unsigned char data[512]; } each;

static long wish(const char *name) {
    const char *value = getenv(name);
    return value ? strtol(value, NULL, 0) : -1;
}

static void note(const char *what) {
    const char *file = getenv("WAYWARD_LOG");
    FILE *log = file ? fopen(file, "a") : NULL;
    if (log) {
        fprintf(log, "%s\n", what);
        fclose(log);
    }
}

static ulong token_info(ulong slot, unsigned char *info) {
    ulong done = ((ulong (*)(ulong, void *))theirs->f[TOKEN_INFO])(slot, info);
    long flags = wish("WAYWARD_FLAGS");
    /* label 32, manufacturer 32, model 16, serial number 16, flags */
    if (done == OK && flags > 0) *(ulong *)(info + 96) |= (ulong)flags;
    return done;
}

static ulong open_session(ulong slot, ulong flags, void *app, void *notify, ulong *session) {
    long most = wish("WAYWARD_SESSIONS");
    pthread_mutex_lock(&lock);
    int full = most >= 0 && sessions >= most;
    if (!full) sessions++;
    pthread_mutex_unlock(&lock);
    if (full) return SESSION_COUNT;
    note("session");
    return ((ulong (*)(ulong, ulong, void *, void *, ulong *))theirs->f[OPEN_SESSION])(
        slot, flags, app, notify, session);
}

static ulong close_session(ulong session) {
    pthread_mutex_lock(&lock);
    sessions--;
    pthread_mutex_unlock(&lock);
    return ((ulong (*)(ulong))theirs->f[CLOSE_SESSION])(session);
}

static ulong login(ulong session, ulong user, void *pin, ulong length) {
    if (user == 2) {
        note("login again");
        if (!each.begun) return NOT_INITIALIZED;
        each.entered = 1;
        return OK;
    }
    note("login");
    return ((ulong (*)(ulong, ulong, void *, ulong))theirs->f[LOGIN])(session, user, pin, length);
}

static ulong attribute(ulong session, ulong object, ulong *template, ulong count) {
    ulong done = ((ulong (*)(ulong, ulong, void *, ulong))theirs->f[ATTRIBUTE])(
        session, object, template, count);
    /* CK_ATTRIBUTE: type, value, length. CKA_ALWAYS_AUTHENTICATE is 0x202. */
    for (ulong i = 0; i < count && wish("WAYWARD_EACH") > 0; i++)
        if (template[3 * i] == 0x202 && template[3 * i + 1] && template[3 * i + 2] == 1)
            *(unsigned char *)template[3 * i + 1] = 1;
    return done;
}

static int pulled(void) {
    long most = wish("WAYWARD_SIGNATURES");
    pthread_mutex_lock(&lock);
    int out = most >= 0 && signatures >= most;
    pthread_mutex_unlock(&lock);
    return out;
}

static ulong sign_init(ulong session, void *mechanism, ulong key) {
    if (pulled()) return DEVICE_REMOVED;
    memset(&each, 0, sizeof each);
    each.begun = 1;
    return ((ulong (*)(ulong, void *, ulong))theirs->f[SIGN_INIT])(session, mechanism, key);
}

static ulong sign(ulong session, void *data, ulong length, unsigned char *to, ulong *size) {
    if (wish("WAYWARD_EACH") > 0 && !each.entered) return NOT_LOGGED_IN;
    ulong done = ((ulong (*)(ulong, void *, ulong, void *, ulong *))theirs->f[SIGN])(
        session, data, length, to, size);
    if (done == OK && to) {
        pthread_mutex_lock(&lock);
        signatures++;
        pthread_mutex_unlock(&lock);
        note("signature");
        if (wish("WAYWARD_DAMAGE") > 0) to[*size / 2] ^= 1;
        if (wish("WAYWARD_SHORT") > 0) *size -= 1;
    }
    return done;
}

static ulong sign_update(ulong session, void *data, ulong length) {
    if (wish("WAYWARD_EACH") <= 0)
        return ((ulong (*)(ulong, void *, ulong))theirs->f[SIGN_UPDATE])(session, data, length);
    if (!each.entered) return NOT_LOGGED_IN;
    if (each.length + length > sizeof each.data) return NOT_INITIALIZED;
    memcpy(each.data + each.length, data, length);
    each.length += length;
    return OK;
}

static ulong sign_final(ulong session, unsigned char *to, ulong *size) {
    if (wish("WAYWARD_EACH") <= 0)
        return ((ulong (*)(ulong, void *, ulong *))theirs->f[SIGN_FINAL])(session, to, size);
    return sign(session, each.data, each.length, to, size);
}

ulong C_GetFunctionList(list **to) {
    void *module = dlopen(MODULE, RTLD_NOW);
    ulong (*get)(list **) = module ? (ulong (*)(list **))dlsym(module, "C_GetFunctionList") : NULL;
    if (!get || get(&theirs) != OK) return 5;
    ours = *theirs;
    ours.f[TOKEN_INFO] = (function)token_info;
    ours.f[OPEN_SESSION] = (function)open_session;
    ours.f[CLOSE_SESSION] = (function)close_session;
    ours.f[LOGIN] = (function)login;
    ours.f[ATTRIBUTE] = (function)attribute;
    ours.f[SIGN_INIT] = (function)sign_init;
    ours.f[SIGN] = (function)sign;
    ours.f[SIGN_UPDATE] = (function)sign_update;
    ours.f[SIGN_FINAL] = (function)sign_final;
    *to = &ours;
    return OK;
}
