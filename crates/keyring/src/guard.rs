//! Keeps the process from being dumped once there is a secret in it.

use std::sync::Mutex;

use crate::{Error, Result};

/// Whether it is done.
static GUARDED: Mutex<bool> = Mutex::new(false);

/// Forbids core dumps of this process, and its memory and environment to other processes of
/// the same user (`PR_SET_DUMPABLE`, and a core size of 0 that children inherit).
///
/// Everything in this crate that reads or makes a secret calls it first; it cannot be
/// undone. Root can still look.
///
/// # Errors
/// [`Error::Unguarded`] when the system lets neither be set.
pub fn guard_process() -> Result<()> {
    let mut guarded = GUARDED
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    if *guarded {
        return Ok(());
    }
    let none = rustix::process::Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let limited = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    #[cfg(target_os = "linux")]
    let undumpable =
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    #[cfg(not(target_os = "linux"))]
    let undumpable = limited;
    match (undumpable, limited) {
        (Err(error), Err(_)) => Err(Error::Unguarded {
            source: error.into(),
        }),
        _ => {
            *guarded = true;
            Ok(())
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    #[test]
    fn whoever_reads_a_secret_cannot_be_dumped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "words\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        crate::Passphrase::File(path).read().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(getrlimit(Resource::Core).maximum, Some(0));
    }
}
