//! How a command is run.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::parse_duration;
use serde::Deserialize;

/// Bytes of a file of settings, at most.
const FILE: u64 = 64 * 1024;
/// Processes of one key, at most and by default.
const PROCESSES: usize = 64;
/// How long one answer may take: as long as somebody may need to touch a device.
const TIMEOUT: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// What every program sees of the environment.
const ENVIRONMENT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "CREDENTIALS_DIRECTORY",
];

/// A program and how it is run.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) mode: Mode,
    pub(super) processes: usize,
    pub(super) timeout: Duration,
    environment: Vec<String>,
}

/// How long a process lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mode {
    /// For one signature.
    #[default]
    Each,
    /// Until there is nothing left to sign.
    Session,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    program: String,
    #[serde(default)]
    arguments: Vec<String>,
    fingerprint: Option<String>,
    #[serde(default)]
    mode: Mode,
    processes: Option<usize>,
    timeout: Option<String>,
    #[serde(default)]
    environment: Vec<String>,
}

impl Settings {
    /// A program without any settings.
    pub(super) fn of_program(program: &str) -> Result<Self, String> {
        Ok(Self {
            program: checked(program)?,
            arguments: Vec::new(),
            fingerprint: None,
            mode: Mode::Each,
            processes: PROCESSES,
            timeout: TIMEOUT,
            environment: Vec::new(),
        })
    }

    /// Reads a file of settings.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        not_writable_by_all(path)?;
        let bytes = pkgseal_repo::read_file(path, FILE).map_err(|error| error.to_string())?;
        let text = String::from_utf8(bytes).map_err(|_| format!("{shown} is not UTF-8"))?;
        Self::parse(&text).map_err(|reason| format!("{shown}: {reason}"))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let written: Written =
            toml::from_str(text).map_err(|error| error.to_string().trim().replace('\n', " "))?;
        if written.version != 1 {
            return Err(format!(
                "version is {}, and 1 is understood",
                written.version
            ));
        }
        let fingerprint = match &written.fingerprint {
            None => None,
            Some(text) => Some(Fingerprint::parse(text).ok_or_else(|| {
                "fingerprint is no full one (40 or 64 hexadecimal digits)".to_owned()
            })?),
        };
        let processes = written.processes.unwrap_or(PROCESSES);
        if !(1..=PROCESSES).contains(&processes) {
            return Err(format!("processes is not from 1 to {PROCESSES}"));
        }
        let timeout = match &written.timeout {
            None => TIMEOUT,
            Some(text) => {
                let length = parse_duration(text).map_err(|reason| format!("timeout: {reason}"))?;
                length.unsigned_abs()
            }
        };
        if timeout.is_zero() || timeout > LONGEST {
            return Err("timeout is not from 1s to 1h".to_owned());
        }
        for name in &written.environment {
            let plain = name.strip_suffix('*').unwrap_or(name);
            let is_name = plain
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if plain.is_empty() || !is_name {
                return Err(format!("environment names {name:?}, which is no variable"));
            }
        }
        if written
            .arguments
            .iter()
            .any(|argument| argument.contains('\0'))
        {
            return Err("arguments hold a NUL".to_owned());
        }
        Ok(Self {
            program: checked(&written.program)?,
            arguments: written.arguments,
            fingerprint,
            mode: written.mode,
            processes,
            timeout,
            environment: written.environment,
        })
    }

    /// What the program sees of the environment it is started from.
    pub(super) fn environment(
        &self,
    ) -> impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)> {
        std::env::vars_os().filter(|(name, _)| {
            let name = name.to_str().unwrap_or_default();
            ENVIRONMENT.contains(&name)
                || self
                    .environment
                    .iter()
                    .any(|listed| match listed.strip_suffix('*') {
                        Some(start) => name.starts_with(start),
                        None => name == listed,
                    })
        })
    }
}

/// An absolute path of what is there, or a name.
fn checked(program: &str) -> Result<PathBuf, String> {
    if program.is_empty() || program.contains('\0') {
        return Err("program names none".to_owned());
    }
    let path = PathBuf::from(program);
    if path.is_absolute() {
        not_writable_by_all(&path)?;
    } else if program.contains('/') {
        return Err(format!(
            "program {program} is a relative path: write it from / on, or a name that is in PATH"
        ));
    }
    Ok(path)
}

/// Whoever may write it decides what runs here.
fn not_writable_by_all(path: &Path) -> Result<(), String> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("{shown} is no file"));
    }
    if metadata.permissions().mode() & 0o002 != 0 {
        return Err(format!(
            "{shown} can be written by everybody: run `chmod o-w {shown}`"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use super::{Mode, Settings};

    fn refused(text: &str) -> String {
        Settings::parse(text).unwrap_err()
    }

    #[test]
    fn a_whole_file_and_a_short_one() {
        let whole = Settings::parse(
            "version = 1\nprogram = \"kms-sign\"\narguments = [\"--key\", \"a b\"]\n\
             fingerprint = \"D8692123C4065DEA5E0F3AB5249B39D24F25E3B6\"\nmode = \"session\"\n\
             processes = 4\ntimeout = \"5s\"\nenvironment = [\"AWS_*\", \"VAULT_ADDR\"]\n",
        )
        .unwrap();
        assert_eq!(whole.arguments, ["--key", "a b"]);
        assert_eq!(whole.mode, Mode::Session);
        assert_eq!(whole.processes, 4);
        assert_eq!(whole.timeout, Duration::from_secs(5));
        let short = Settings::parse("version = 1\nprogram = \"kms-sign\"").unwrap();
        assert_eq!(short.mode, Mode::Each);
        assert_eq!(short.timeout, Duration::from_secs(60));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (text, reason) in [
            ("", "version"),
            ("version = 1", "program"),
            ("version = 2\nprogram = \"a\"", "1 is understood"),
            ("version = 1\nprogram = \"\"", "names none"),
            ("version = 1\nprogram = \"bin/a\"", "relative path"),
            ("version = 1\nprogram = \"/no/such\"", "/no/such"),
            ("version = 1\nprogram = \"/usr\"", "no file"),
            ("version = 1\nprogram = \"a\"\nshell = true", "shell"),
            ("version = 1\nprogram = \"a\"\nmode = \"once\"", "once"),
            ("version = 1\nprogram = \"a\"\nprocesses = 0", "1 to 64"),
            ("version = 1\nprogram = \"a\"\nprocesses = 65", "1 to 64"),
            ("version = 1\nprogram = \"a\"\ntimeout = \"0s\"", "1s to 1h"),
            ("version = 1\nprogram = \"a\"\ntimeout = \"2h\"", "1s to 1h"),
            (
                "version = 1\nprogram = \"a\"\ntimeout = \"soon\"",
                "timeout",
            ),
            (
                "version = 1\nprogram = \"a\"\narguments = \"-k\"",
                "arguments",
            ),
            (
                "version = 1\nprogram = \"a\"\narguments = [\"\\u0000\"]",
                "NUL",
            ),
            (
                "version = 1\nprogram = \"a\"\nfingerprint = \"24F25E3B6\"",
                "full one",
            ),
            (
                "version = 1\nprogram = \"a\"\nenvironment = [\"A=b\"]",
                "no variable",
            ),
            (
                "version = 1\nprogram = \"a\"\nenvironment = [\"*\"]",
                "no variable",
            ),
            ("version = 1\nprogram = \"a\"\nprogram = \"b\"", "duplicate"),
        ] {
            let words = refused(text);
            assert!(words.contains(reason), "{text}: {words}");
        }
    }

    #[test]
    fn what_everybody_may_write_is_not_run() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mode = |mode| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(file.path(), permissions).unwrap();
        };
        let name = file.path().to_str().unwrap();
        mode(0o757);
        assert!(
            Settings::of_program(name)
                .unwrap_err()
                .contains("chmod o-w")
        );
        assert!(
            Settings::read(file.path())
                .unwrap_err()
                .contains("chmod o-w")
        );
        mode(0o755);
        assert!(Settings::of_program(name).is_ok());
    }

    #[test]
    fn only_listed_variables_are_passed_on() {
        // Cargo sets these for a test.
        let names = |listed: &str| -> Vec<String> {
            let text = format!("version = 1\nprogram = \"a\"\nenvironment = {listed}");
            let settings = Settings::parse(&text).unwrap();
            settings
                .environment()
                .map(|(name, _)| name.into_string().unwrap())
                .collect()
        };
        let has = |names: &[String], name: &str| names.iter().any(|found| found == name);
        let bare = names("[]");
        assert!(has(&bare, "PATH") && !has(&bare, "CARGO_PKG_NAME"));
        assert!(has(&names("[\"CARGO_PKG_NAME\"]"), "CARGO_PKG_NAME"));
        assert!(has(&names("[\"CARGO_PKG_*\"]"), "CARGO_PKG_NAME"));
        assert!(!has(&names("[\"CARGO_PKG_\"]"), "CARGO_PKG_NAME"));
    }
}
