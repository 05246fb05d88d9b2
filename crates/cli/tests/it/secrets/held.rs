//! A command that is held after it signed: what others see of it, and what its memory holds.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{PASSPHRASE, Vault};

/// A command that waits to write its result: standard output is full.
struct Held {
    child: Child,
    // The reading end; closed, the command would end.
    _reader: std::io::PipeReader,
}

impl Held {
    fn start(command: &mut Command) -> Self {
        let (reader, mut writer) = std::io::pipe().unwrap();
        // As much as a pipe holds (pipe(7)).
        writer.write_all(&[b'.'; 65536]).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let held = Self {
            child,
            _reader: reader,
        };
        held.wait_until_it_writes();
        held
    }

    fn wait_until_it_writes(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        // A call whose first argument is standard output.
        while self.read("syscall").split(' ').nth(1) != Some("0x1") {
            assert!(
                Instant::now() < deadline,
                "it never writes: {}",
                self.read("status")
            );
            std::thread::yield_now();
        }
    }

    fn read(&self, name: &str) -> String {
        let bytes = fs::read(format!("/proc/{}/{name}", self.child.id())).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Everything it could still write, read, or be dumped with.
    fn memory(&self) -> Vec<u8> {
        let mut memory = fs::File::open(format!("/proc/{}/mem", self.child.id())).unwrap();
        let mut all = Vec::new();
        for line in self.read("maps").lines() {
            let mut fields = line.split_whitespace();
            let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
            let name = fields.nth(3).unwrap_or_default();
            if !rights.starts_with("rw") || name.starts_with("[vvar") {
                continue;
            }
            let (start, end) = range.split_once('-').unwrap();
            let number = |text| u64::from_str_radix(text, 16).unwrap();
            let mut part = vec![0; usize::try_from(number(end) - number(start)).unwrap()];
            memory.seek(SeekFrom::Start(number(start))).unwrap();
            // Pages that were never touched read as an error at most.
            if memory.read_exact(&mut part).is_ok() {
                all.extend_from_slice(&part);
            }
        }
        all
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sign(vault: &Vault, folder: &Path) -> Command {
    fs::write(folder.join("notes.txt"), "notes\n").unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_pkgseal"))
        .args(["sign", "--time", "2025-03-01", "--key"])
        .arg(&vault.protected)
        .arg("--passphrase-file")
        .arg(vault.path("passphrase"))
        .arg("notes.txt")
        .current_dir(folder);
    command
}

fn is_root() -> bool {
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !root {
        println!("SKIP: only root reads the memory of a process that is guarded");
    }
    root
}

#[test]
fn nothing_of_a_held_command_tells_its_secrets() {
    let vault = Vault::new();
    let folder = tempfile::tempdir().unwrap();
    if !is_root() {
        return;
    }
    let held = Held::start(&mut sign(&vault, folder.path()));
    assert!(
        folder.path().join("notes.txt.asc").exists(),
        "it has signed"
    );
    for name in ["cmdline", "environ", "status", "maps"] {
        vault
            .needles
            .absent("held", name, held.read(name).as_bytes());
    }
    let memory = held.memory();
    assert!(memory.len() > 100_000, "its memory is read");
    assert!(
        memory.windows(8).any(|part| part == b"notes.tx"),
        "what is there is found"
    );
    vault.needles.absent("held", "its memory", &memory);

    // A secret that nobody wipes: the environment is memory too.
    let mut careless = sign(&vault, folder.path());
    let held = Held::start(careless.env("A_VARIABLE", PASSPHRASE));
    assert!(
        vault.needles.found(&held.memory()).is_some(),
        "the test can tell"
    );
}

/// With the rights to its own memory and environment, another process of the same user
/// could read the secrets.
#[test]
fn another_process_of_the_user_sees_no_memory_and_no_environment() {
    let vault = Vault::new();
    let folder = tempfile::tempdir().unwrap();
    if !is_root() {
        return;
    }
    let user = 65534;
    let give = |path: &Path| std::os::unix::fs::chown(path, Some(user), Some(user)).unwrap();
    for path in [
        folder.path(),
        &vault.path(""),
        &vault.path("rsa3072"),
        &vault.protected,
        &vault.path("passphrase"),
    ] {
        give(path);
    }
    let mut command = sign(&vault, folder.path());
    give(&folder.path().join("notes.txt"));
    use std::os::unix::process::CommandExt as _;
    let held = Held::start(command.uid(user).gid(user).env("A_VARIABLE", PASSPHRASE));
    let owner = |name: &str| {
        fs::metadata(format!("/proc/{}/{name}", held.child.id()))
            .unwrap()
            .uid()
    };
    for name in ["environ", "mem", "maps"] {
        assert_eq!(owner(name), 0, "{name} is root's alone");
    }
    // As everybody's processes are otherwise.
    let mut other = Command::new("sleep").arg("60").uid(user).spawn().unwrap();
    let environ = fs::metadata(format!("/proc/{}/environ", other.id())).map(|found| found.uid());
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(environ.unwrap(), user, "the test can tell");
}

#[test]
fn there_is_no_core() {
    let vault = Vault::new();
    let folder = tempfile::tempdir().unwrap();
    // A program that does dump, so that the absence of ours means something.
    let control = Command::new("sh")
        .args(["-c", "ulimit -c unlimited; kill -ABRT $$"])
        .current_dir(folder.path())
        .status()
        .unwrap();
    if !control.core_dumped() {
        println!("SKIP: nothing dumps core on this machine");
        return;
    }
    for entry in fs::read_dir(folder.path()).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let mut held = Held::start(&mut sign(&vault, folder.path()));
    let killed = Command::new("kill")
        .args(["-ABRT", &held.child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let status = held.child.wait().unwrap();
    assert_eq!(status.signal(), Some(6), "{status:?}");
    assert!(!status.core_dumped(), "{status:?}");
    assert_eq!(
        crate::run::listing(folder.path()),
        ["notes.txt", "notes.txt.asc"],
        "no core"
    );
}
