//! Debian 13's programs (apt 3 with sqv, gpgv 2.4, rpm 4.20…) in a chroot.
//!
//! The chroot is made by debootstrap(8) (`.ci/trixie` does it) and is found by
//! `PKGSEAL_TRIXIE`, else as `trixie` in cargo's target folder. Nothing is mounted in it:
//! what a program reads and writes stands in a [`Room`] beneath its `/tmp`.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;

use super::{Run, put, root_command, run};

/// A work folder inside the chroot, gone with its value.
#[derive(Debug)]
pub struct Room {
    root: PathBuf,
    folder: tempfile::TempDir,
}

/// Finds the chroot.
///
/// # Panics
/// When there is none and `CI` is set.
#[expect(clippy::print_stdout, reason = "tests tell what they skip")]
pub fn root() -> Option<PathBuf> {
    let root = match std::env::var_os("PKGSEAL_TRIXIE") {
        Some(named) => PathBuf::from(named),
        None => target().join("trixie"),
    };
    if root.join("usr/bin/apt-get").is_file() {
        return Some(root);
    }
    let missing = format!("Debian 13 does not stand in {}", root.display());
    assert!(
        std::env::var_os("CI").is_none(),
        "{missing}, and continuous integration needs it"
    );
    println!("SKIP: {missing}");
    None
}

/// The Maven 3.9 of Debian 13, unpacked in the chroot and run outside, where Java is.
///
/// # Panics
/// When there is none and `CI` is set.
#[expect(clippy::print_stdout, reason = "tests tell what they skip")]
pub fn maven() -> Option<PathBuf> {
    super::have("java")?;
    let maven = root()?.join("opt/maven/usr/share/maven/bin/mvn");
    if maven.is_file() {
        return Some(maven);
    }
    let missing = "Maven of Debian 13 is not unpacked in the chroot";
    assert!(
        std::env::var_os("CI").is_none(),
        "{missing}, and continuous integration needs it"
    );
    println!("SKIP: {missing}");
    None
}

/// Cargo's target folder.
fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(named) => PathBuf::from(named),
        None => Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")).to_owned(),
    }
}

impl Room {
    /// An empty folder in the chroot; `None` after a SKIP where there is none.
    pub fn new() -> Option<Self> {
        let root = root()?;
        let folder = tempfile::Builder::new()
            .prefix("pkgseal-test-")
            .tempdir_in(root.join("tmp"))
            .expect("a folder in the chroot");
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        Some(Self { root, folder })
    }

    /// Its path for us.
    pub fn outside(&self) -> &Path {
        self.folder.path()
    }

    /// Its path for the programs of the chroot.
    pub fn inside(&self) -> PathBuf {
        self.path_inside(self.outside())
    }

    /// What the programs of the chroot call a path of ours.
    ///
    /// # Panics
    /// When it does not lie in the chroot.
    pub fn path_inside(&self, outside: &Path) -> PathBuf {
        let below = outside.strip_prefix(&self.root).expect("in the chroot");
        Path::new("/").join(below)
    }

    /// Writes a file of the room and returns its path inside.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        self.path_inside(&put(self.outside(), name, bytes))
    }

    /// Whether the chroot has this program.
    pub fn has(&self, program: &str) -> bool {
        ["usr/bin", "usr/sbin"]
            .iter()
            .any(|folder| self.root.join(folder).join(program).is_file())
    }

    /// A program of the chroot, run in the room with a plain environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = root_command("chroot");
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("HOME", self.inside())
            .stdin(std::process::Stdio::null())
            .arg(&self.root)
            .arg("env")
            .arg(format!("--chdir={}", self.inside().display()))
            .arg(program);
        command
    }

    /// As [`Self::command`], under faketime(1): its clock starts at `time`.
    pub fn command_at(&self, time: Timestamp, program: &str) -> Command {
        let mut command = self.command("faketime");
        let time = time.strftime("@%Y-%m-%d %H:%M:%S").to_string();
        command.args(["-f", &time, program]);
        command
    }

    /// Runs a program of the chroot in the room.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Run {
        run(self.command(program).args(arguments))
    }
}
