//! Where gpg-agent listens, and starting it when it does not.

use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::signers::child;

/// How often a new agent is tried, and how long between.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Asks `gpgconf`, which knows `GNUPGHOME` and every rule about it.
pub(super) fn find() -> Result<PathBuf, String> {
    let output = child("gpgconf")
        .args(["--list-dirs", "agent-socket"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            format!("gpgconf, which knows where gpg-agent is, did not start: {error}")
        })?;
    let path = unescaped(output.stdout.trim_ascii_end());
    if !output.status.success() || path.is_empty() {
        return Err(format!(
            "gpgconf does not say where gpg-agent is: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ));
    }
    Ok(std::ffi::OsString::from_vec(path).into())
}

/// `%XX`, as gpgconf writes a colon.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let escape = after.split_at_checked(2).filter(|_| *first == b'%');
        let octet = escape.and_then(|(digits, after)| {
            let octet = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
            Some((octet, after))
        });
        let (octet, after) = octet.unwrap_or((*first, after));
        plain.push(octet);
        rest = after;
    }
    plain
}

/// What is done where nobody listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// The agent is started, as gpg does.
    Start,
    /// It is an error: the agent ended meanwhile, and with it what it was told.
    Fail,
}

/// Connects.
pub(super) fn connect(path: &Path, when: Absent) -> Result<UnixStream, String> {
    let first = match UnixStream::connect(target(path)?) {
        Ok(stream) => return Ok(stream),
        Err(error) => error,
    };
    if when == Absent::Fail {
        return Err(format!("gpg-agent ended meanwhile ({first})"));
    }
    let absent = matches!(
        first.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused
    );
    if !absent {
        return Err(format!("{} cannot be reached: {first}", path.display()));
    }
    let launched = child("gpgconf")
        .args(["--launch", "gpg-agent"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !launched.is_ok_and(|status| status.success()) {
        return Err(format!(
            "nobody listens at {}, and gpg-agent could not be started",
            path.display()
        ));
    }
    for _ in 0..TRIES {
        if let Ok(stream) = UnixStream::connect(target(path)?) {
            return Ok(stream);
        }
        std::thread::sleep(PAUSE);
    }
    Err(format!(
        "gpg-agent was started and does not listen at {}",
        path.display()
    ))
}

/// The socket, or the one that a file in its place names (libassuan's redirection, for
/// sockets that are forwarded or on file systems that cannot have any).
fn target(path: &Path) -> Result<PathBuf, String> {
    let is_file = std::fs::metadata(path).is_ok_and(|found| !found.file_type().is_socket());
    if !is_file {
        return Ok(path.to_owned());
    }
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(4096).read_to_string(&mut text));
    let refuse = |reason: &str| Err(format!("{}: {reason}", path.display()));
    if read.is_err() || !text.starts_with("%Assuan%\n") {
        return refuse("it is neither a socket nor a redirection to one");
    }
    match text.lines().find_map(|line| line.strip_prefix("socket=")) {
        Some(name) if name.contains("${") => {
            refuse("it redirects to a name with variables, which is not supported")
        }
        // Beside the file, where the name is no full path.
        Some(name) if !name.is_empty() => Ok(path.parent().unwrap_or(Path::new("")).join(name)),
        _ => refuse("it redirects to nowhere"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn escapes_of_gpgconf() {
        for (text, plain) in [
            ("/run/a%3ab%25c", "/run/a:b%c"),
            ("/run/%", "/run/%"),
            ("/run/%2", "/run/%2"),
            ("/run/%zz", "/run/%zz"),
        ] {
            assert_eq!(unescaped(text.as_bytes()), plain.as_bytes());
        }
    }

    #[test]
    fn a_redirection_is_followed_once() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        let _listener = UnixListener::bind(&real).unwrap();
        assert_eq!(target(&real), Ok(real.clone()));
        let redirection = folder.path().join("S.gpg-agent");
        for text in [
            format!("%Assuan%\nsocket={}\n", real.display()),
            "%Assuan%\nsocket=real\n".to_owned(),
        ] {
            std::fs::write(&redirection, text).unwrap();
            assert_eq!(target(&redirection), Ok(real.clone()));
            assert!(connect(&redirection, Absent::Fail).is_ok());
        }
        for (text, words) in [
            ("", "neither a socket"),
            ("socket=real\n", "neither a socket"),
            ("%Assuan%\n", "nowhere"),
            ("%Assuan%\nsocket=\n", "nowhere"),
            ("%Assuan%\nsocket=${HOME}/x\n", "variables"),
            ("\u{fffd}", "neither a socket"),
        ] {
            std::fs::write(&redirection, text).unwrap();
            let error = target(&redirection).unwrap_err();
            assert!(error.contains(words), "{text:?}: {error}");
        }
        assert!(target(folder.path()).is_err(), "a folder");
        let nobody = connect(&folder.path().join("none"), Absent::Fail).unwrap_err();
        assert!(nobody.contains("ended meanwhile"), "{nobody}");
    }
}
