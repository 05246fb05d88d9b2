//! Runs the binary that cargo built.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A call in the making.
pub(crate) struct Call(Command);

/// A call under way.
pub(crate) struct Started(std::process::Child);

/// What came of a call.
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// `pkgseal` with these arguments, no keyring from the environment, no terminal.
pub(crate) fn pkgseal<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Call {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
    command
        .args(arguments)
        .env_remove("PKGSEAL_KEYRING")
        .stdin(std::process::Stdio::null());
    Call(command)
}

impl Call {
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn envs(mut self, variables: &[(&str, String)]) -> Self {
        for (name, value) in variables {
            self.0.env(name, value);
        }
        self
    }

    /// With this working directory.
    pub(crate) fn inside(mut self, directory: &Path) -> Self {
        self.0.current_dir(directory);
        self
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Started {
        self.0.stdout(std::process::Stdio::piped());
        self.0.stderr(std::process::Stdio::piped());
        Started(self.0.spawn().unwrap())
    }

    pub(crate) fn run(self) -> Run {
        self.start().end()
    }
}

impl Started {
    /// Waits for its end.
    pub(crate) fn end(self) -> Run {
        let output = self.0.wait_with_output().unwrap();
        Run {
            // Killed by a signal (a panic aborts with 101) is never an outcome.
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    /// Asserts the exit status, showing both outputs when it differs.
    #[track_caller]
    pub(crate) fn expect(self, status: i32) -> Self {
        assert_eq!(
            self.status, status,
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Asserts that standard output has these words.
    #[track_caller]
    pub(crate) fn prints(&self, words: &str) {
        assert!(
            self.stdout.contains(words),
            "not there: {words}\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
    }

    /// Asserts that standard output does not have these words.
    #[track_caller]
    pub(crate) fn prints_no(&self, words: &str) {
        let text = &self.stdout;
        assert!(!text.contains(words), "there: {words}\n--- stdout\n{text}");
    }

    /// Asserts that standard error has these words.
    #[track_caller]
    pub(crate) fn complains(&self, words: &str) {
        assert!(
            self.stderr.contains(words),
            "not there: {words}\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
    }

    /// Asserts that standard error does not have these words.
    #[track_caller]
    pub(crate) fn complains_not(&self, words: &str) {
        let text = &self.stderr;
        assert!(!text.contains(words), "there: {words}\n--- stderr\n{text}");
    }
}

/// A path below the repository's top level.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// The first file below whose name ends so.
pub(crate) fn find(directory: &Path, ending: &str) -> PathBuf {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
        .into_iter()
        .next()
        .unwrap_or_else(|| panic!("no {ending} below {directory:?}"))
}

/// A copy of a test key with the mode a key file must have.
pub(crate) fn private_key(directory: &Path, name: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let copy = directory.join(name);
    fs::copy(repository("testdata/keys").join(name), &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
    copy
}

/// Signs what lies there, with a copy of a test key in the folder.
pub(crate) fn sign_with(folder: &Path, key: &str, path: &Path) {
    pkgseal(["sign", "--time", pkgseal_testkit::keys::SIGNED, "--key"])
        .arg(private_key(folder, &format!("{key}.key.asc")))
        .arg(path)
        .run()
        .expect(0);
}

/// The names in a directory, sorted.
pub(crate) fn listing(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
