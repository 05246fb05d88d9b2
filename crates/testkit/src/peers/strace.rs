//! strace, which kills a process before any one of its system calls, or lets the call fail.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Peer, have};

/// Every call that changes what is on the disk, as the C library and Rust make them.
/// What creates a file is followed by one that writes to it.
pub const CHANGING: [&str; 18] = [
    "mkdir",
    "mkdirat",
    "link",
    "linkat",
    "symlink",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
    "fsync",
    "fdatasync",
    "syncfs",
    "ftruncate",
    "copy_file_range",
    "write",
    "pwrite64",
];

/// strace, where it may trace.
///
/// # Panics
/// When it may not, and `CI` is set.
#[expect(clippy::print_stdout, reason = "tests tell what they skip")]
pub fn strace() -> Option<Peer> {
    let strace = have("strace")?;
    let tried = strace.run(["-f", "-o", "/dev/null", "true"]);
    if !tried.accepted() {
        assert!(std::env::var_os("CI").is_none(), "strace: {tried}");
        println!("SKIP: strace may not trace here: {tried}");
        return None;
    }
    Some(strace)
}

/// How a run with an injected fault went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// There was no such call any more.
    Through,
    /// The call failed, and the run did not.
    Well,
    /// The run failed or was killed.
    Wrong,
}

/// Runs a program and does `what` (`signal=KILL`, `error=ENOSPC`) to its `number`th `call`.
/// strace writes to `log`, which must be outside of what the program looks at.
///
/// # Panics
/// When strace does not run.
pub fn inject(
    strace: &Peer,
    program: &Command,
    call: &str,
    what: &str,
    number: u32,
    log: &Path,
) -> Went {
    let mut command = strace.command();
    command
        .args(["-f", "-qq", "-o"])
        .arg(log)
        .args(["-e", &format!("trace=?{call}")])
        .args(["-e", &format!("inject=?{call}:{what}:when={number}")])
        .arg(program.get_program())
        .args(program.get_args())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let went = command.status().expect("strace runs");
    let log = fs::read(log).expect("strace writes its log");
    let injected = String::from_utf8_lossy(&log).contains("INJECTED");
    match (went.success(), injected) {
        (false, _) => Went::Wrong,
        (true, true) => Went::Well,
        (true, false) => Went::Through,
    }
}
