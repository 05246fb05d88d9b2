//! The programs pkgseal is judged by, each in a private home.
//!
//! Every helper returns `None` after printing `SKIP: … is not installed` where the
//! program is missing; in continuous integration (`CI` set) it panics instead, so that a
//! missing oracle never passes for a good one.

pub mod apt;
pub mod aptly;
pub mod bouncycastle;
pub mod deb;
pub mod devscripts;
pub mod gnupg;
pub mod mirror;
pub mod reprepro;
pub mod rpm;
pub mod sequoia;
pub mod signing_command;
pub mod softhsm;
pub mod strace;
pub mod trixie;
pub mod wkd;
pub mod yum;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jiff::Timestamp;

/// An installed program.
#[derive(Clone, Debug)]
pub struct Peer {
    path: PathBuf,
    faked: Option<Timestamp>,
}

/// Finds a program on `PATH`.
///
/// # Panics
/// When it is missing and `CI` is set.
#[expect(clippy::print_stdout, reason = "tests tell what they skip")]
pub fn have(name: &str) -> Option<Peer> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "{name} is not installed, and continuous integration needs it"
        );
        println!("SKIP: {name} is not installed");
    }
    found.map(|path| Peer { path, faked: None })
}

impl Peer {
    /// The same program under faketime(1): its clock starts at `time`. For gpgv, which
    /// has no option for it.
    #[must_use]
    pub fn at(self, time: Timestamp) -> Option<Self> {
        have("faketime")?;
        Some(Self {
            faked: Some(time),
            ..self
        })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A command with a plain locale and without the user's own GnuPG and policy.
    pub fn command(&self) -> Command {
        let mut command = match self.faked {
            None => Command::new(&self.path),
            Some(time) => {
                let mut command = Command::new("faketime");
                command
                    .args(["-f", &time.strftime("@%Y-%m-%d %H:%M:%S").to_string()])
                    .arg(&self.path);
                command
            }
        };
        command
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env_remove("GNUPGHOME")
            .env_remove("SEQUOIA_CRYPTO_POLICY")
            .stdin(std::process::Stdio::null());
        command
    }

    /// Runs it with these arguments.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        run(self.command().args(arguments))
    }
}

/// What a program did.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its exit status; −1 when a signal ended it.
    pub status: i32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Standard output and standard error as text.
    pub text: String,
    command: String,
}

/// Runs a prepared command and captures everything.
///
/// # Panics
/// When it cannot be started.
pub fn run(command: &mut Command) -> Run {
    let shown = format!("{command:?}");
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .output()
        .unwrap_or_else(|e| panic!("cannot run {shown}: {e}"));
    let mut text = String::from_utf8_lossy(&stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&stderr));
    Run {
        status: status.code().unwrap_or(-1),
        stdout,
        text,
        command: shown,
    }
}

impl Run {
    /// Whether it exited with 0.
    pub fn accepted(&self) -> bool {
        self.status == 0
    }

    /// Passes itself on if it exited with 0.
    ///
    /// # Panics
    /// With the whole output when it did not.
    #[track_caller]
    pub fn expect_ok(self) -> Self {
        assert!(self.accepted(), "{self}");
        self
    }

    /// Passes itself on if it failed.
    ///
    /// # Panics
    /// With the whole output when it exited with 0.
    #[track_caller]
    pub fn expect_failure(self) -> Self {
        assert!(!self.accepted(), "was accepted: {self}");
        self
    }

    /// Whether output or error contains `words`.
    pub fn says(&self, words: &str) -> bool {
        self.text.contains(words)
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\nexit {}\n{}", self.command, self.status, self.text)
    }
}

/// Every file beneath a folder, sorted; links are not followed.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// A program that only root may run: in a user namespace of its own where we are not.
pub(crate) fn root_command(program: impl AsRef<OsStr>) -> Command {
    use std::os::unix::fs::MetadataExt as _;
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    if is_root {
        return Command::new(program);
    }
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user"]).arg(program);
    command
}

/// A fresh private folder, gone with its value.
pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("pkgseal-test-")
        .tempdir()
        .expect("a temporary folder")
}

/// Writes a file and returns its path.
pub(crate) fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}
