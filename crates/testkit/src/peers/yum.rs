//! createrepo_c and dnf.

use std::path::Path;

use super::{Run, have, put, run, scratch};
use crate::keys::TestKey;

/// `createrepo_c` over a folder of packages, with a fixed revision and timestamps.
pub fn createrepo_c(folder: &Path, options: &[&str]) -> Option<Run> {
    let createrepo_c = have("createrepo_c")?;
    Some(run(createrepo_c
        .command()
        .args(["--quiet", "--no-database", "--set-timestamp-to-revision"])
        .args(["--revision", "1740787200"])
        .args(options)
        .arg(folder)))
}

/// `modifyrepo_c`: adds one more metadata file of this type to a repository.
pub fn modifyrepo_c(folder: &Path, file: &Path, kind: &str) -> Option<Run> {
    let modifyrepo_c = have("modifyrepo_c")?;
    Some(run(modifyrepo_c
        .command()
        .arg(format!("--mdtype={kind}"))
        .arg(file)
        .arg(folder.join("repodata"))))
}

/// `dnf repoquery` of a `file:` repository with `repo_gpgcheck=1` and the key of `key`
/// (its packages' names come on standard output), in a private root.
///
/// dnf 4 imports the key into its own keyring of the cache (through gpgme and gpg): `-y`
/// agrees. `dnf makecache` alone says nothing of a bad signature in its exit code when
/// the repository may be skipped, hence `skip_if_unavailable=False`.
pub fn dnf(repository: &Path, key: &TestKey) -> Option<Run> {
    dnf_by(&format!(
        "[test]\nname=TEST\nbaseurl=file://{}\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n\
         gpgkey=file://{}\n",
        repository.display(),
        key.certificate_path().display()
    ))
}

/// As [`dnf`], by the `.repo` file that is given.
pub fn dnf_by(repo_file: &str) -> Option<Run> {
    let dnf = have("dnf")?;
    let folder = scratch();
    let below = |name: &str| folder.path().join(name);
    for name in ["root", "cache", "persist", "log", "repos", "home"] {
        std::fs::create_dir_all(below(name)).unwrap();
    }
    put(
        folder.path(),
        "repos/test.repo",
        format!("{repo_file}skip_if_unavailable=False\n"),
    );
    let config = put(
        folder.path(),
        "dnf.conf",
        format!(
            "[main]\nreposdir={}\ncachedir={}\npersistdir={}\nlogdir={}\nplugins=0\n\
             module_platform_id=platform:test\n",
            below("repos").display(),
            below("cache").display(),
            below("persist").display(),
            below("log").display()
        ),
    );
    Some(run(dnf
        .command()
        .env("HOME", below("home"))
        .arg("--config")
        .arg(config)
        .arg("--installroot")
        .arg(below("root"))
        .args(["--releasever", "1", "--forcearch", "x86_64", "--assumeyes"])
        .args([
            "repoquery",
            "--refresh",
            "--queryformat",
            "%{name}",
        ])))
}
