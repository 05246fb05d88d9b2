//! `--passphrase-pinentry`: a person is asked; here by a script that plays pinentry.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::keys;

use crate::run::{Call, listing, pkgseal, private_key};

/// A pinentry that answers every question the same way and writes down what it heard.
pub(crate) struct Fake {
    script: PathBuf,
    heard: PathBuf,
}

impl Fake {
    /// It gives these words.
    pub(crate) fn new(folder: &tempfile::TempDir, words: &str) -> Self {
        Self::answering(folder, &format!("echo 'D {words}'; echo OK"))
    }

    /// Somebody presses Cancel.
    pub(crate) fn cancelling(folder: &tempfile::TempDir) -> Self {
        Self::answering(folder, "echo 'ERR 83886179 Operation cancelled <Pinentry>'")
    }

    /// It runs this shell code for each `GETPIN`.
    pub(crate) fn answering(folder: &tempfile::TempDir, answer: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let number = listing(folder.path()).len();
        let script = folder.path().join(format!("pinentry-{number}"));
        let heard = folder.path().join(format!("heard-{number}"));
        let text = format!(
            "#!/bin/sh\n\
             echo \"arguments: $*\" >> {heard}\n\
             echo 'OK Pleased to meet you'\n\
             while read -r line; do\n\
             echo \"$line\" >> {heard}\n\
             case \"$line\" in\n\
             GETPIN*) {answer} ;;\n\
             BYE*) echo OK; exit 0 ;;\n\
             *) echo OK ;;\n\
             esac\n\
             done\n",
            heard = heard.display()
        );
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(&heard, "").unwrap();
        Self { script, heard }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.script
    }

    /// What it was told.
    pub(crate) fn heard(&self) -> String {
        fs::read_to_string(&self.heard).unwrap()
    }
}

struct Desk {
    folder: tempfile::TempDir,
    work: tempfile::TempDir,
    key: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let (folder, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = private_key(folder.path(), "protected.key.asc");
        fs::write(work.path().join("notes.txt"), "notes\n").unwrap();
        Self { folder, work, key }
    }

    fn sign(&self, pinentry: &Path) -> Call {
        pkgseal(["sign", "--time", keys::SIGNED, "--passphrase-pinentry"])
            .env("PINENTRY_PROGRAM", pinentry)
            .env("GPG_TTY", "/dev/pts/77")
            .arg("--key")
            .arg(&self.key)
            .arg(self.work.path().join("notes.txt"))
    }

    #[track_caller]
    fn refused(&self, pinentry: &Path, words: &str, hint: &str) {
        let run = self.sign(pinentry).run().expect(2);
        run.complains(words);
        run.complains(hint);
        assert_eq!(listing(self.work.path()), ["notes.txt"]);
    }
}

#[test]
fn a_person_unlocks_a_key_file() {
    let desk = Desk::new();
    let pinentry = Fake::new(&desk.folder, keys::PASSPHRASE);
    desk.sign(pinentry.path()).run().expect(0);
    assert_eq!(listing(desk.work.path()), ["notes.txt", "notes.txt.asc"]);
    let heard = pinentry.heard();
    assert!(heard.contains("arguments: \n"), "{heard}");
    assert!(heard.contains("OPTION ttyname=/dev/pts/77"), "{heard}");
    assert!(
        heard.contains("protected.key.asc"),
        "says which key: {heard}"
    );
    assert_eq!(heard.matches("GETPIN").count(), 1, "{heard}");
    assert!(heard.ends_with("BYE\n"), "{heard}");
}

#[test]
fn a_key_without_a_passphrase_asks_nobody() {
    let desk = Desk::new();
    let pinentry = Fake::new(&desk.folder, "x");
    let key = private_key(desk.folder.path(), "good-ed25519.key.asc");
    pkgseal([
        "sign",
        "--time",
        keys::SIGNED,
        "--passphrase-pinentry",
        "--key",
    ])
    .env("PINENTRY_PROGRAM", pinentry.path())
    .arg(key)
    .arg(desk.work.path().join("notes.txt"))
    .run()
    .expect(0);
    assert_eq!(pinentry.heard(), "");
}

#[test]
fn what_a_pinentry_may_do_instead() {
    let desk = Desk::new();
    for (answer, words, hint) in [
        ("echo 'D not that one'; echo OK", "passphrase is wrong", ""),
        ("echo OK", "it is empty", ""),
        (
            "echo 'ERR 83886179 Operation cancelled <Pinentry>'",
            "cancelled",
            "hint: run the same command again",
        ),
        (
            "echo 'ERR 83918950 Inappropriate ioctl for device <Pinentry>'",
            "no terminal to ask on",
            "GPG_TTY",
        ),
        ("echo 'ERR 83886142 Timeout <Pinentry>'", "in time", "again"),
        ("exit 1", "the connection ended", "hint: "),
        ("echo HELLO", "no known word", "hint: "),
        ("echo 'D a%'; echo OK", "within an escape", "hint: "),
        ("echo 'D a%0Ab'; echo OK", "several lines", ""),
        ("echo 'D a%00b'; echo OK", "NUL", ""),
        (
            "head -c 5000 /dev/zero | tr '\\0' x; echo",
            "too long",
            "hint: ",
        ),
    ] {
        let pinentry = Fake::answering(&desk.folder, answer);
        desk.refused(pinentry.path(), words, hint);
    }
    desk.refused(
        Path::new("/nonexistent/pinentry"),
        "did not start",
        "apt install",
    );
    desk.refused(Path::new("/bin/false"), "the connection ended", "hint: ");
}

#[test]
fn a_new_passphrase_is_typed_twice() {
    let desk = Desk::new();
    let made = desk.folder.path().join("made");
    let generate = |pinentry: &Fake| {
        pkgseal(["key", "generate", "--user-id", "Test <test@example.org>"])
            .args(["--time", keys::SIGNED, "--passphrase-pinentry", "--output"])
            .env("PINENTRY_PROGRAM", pinentry.path())
            .arg(&made)
    };
    // A different answer each time: the process ID and the count of lines heard so far.
    let differing = Fake::answering(&desk.folder, "count=x$count; echo \"D $count\"; echo OK");
    let run = generate(&differing).run().expect(2);
    run.complains("two entries differ");
    assert!(!made.exists(), "nothing is made");
    let pinentry = Fake::new(&desk.folder, "typed twice");
    generate(&pinentry).run().expect(0);
    assert_eq!(pinentry.heard().matches("GETPIN").count(), 2);

    let key = crate::run::find(&made, ".key.asc");
    let file = desk.work.path().join("notes.txt");
    pkgseal([
        "sign",
        "--time",
        keys::SIGNED,
        "--passphrase-pinentry",
        "--key",
    ])
    .env("PINENTRY_PROGRAM", pinentry.path())
    .arg(&key)
    .arg(&file)
    .run()
    .expect(0);
}

#[test]
fn one_source_at_a_time() {
    let run = pkgseal(["sign", "--passphrase-pinentry", "--passphrase-fd", "3"])
        .args(["--key", "k", "f"])
        .run()
        .expect(2);
    run.complains("cannot be used with");
}
