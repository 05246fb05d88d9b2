//! Real packages: a fixed random sample of Debian 12 below 1.5 MB (nine tenths of the archive),
//! and .rpm files built of the same contents.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::measure;

const NAMES: &str = include_str!("packages.txt");

/// Below this a run proves little.
const ENOUGH: usize = 250;

/// Files to work on, never changed in place.
pub(crate) struct Corpus {
    /// `.deb` files as Debian ships them.
    pub(crate) debs: Vec<PathBuf>,
    /// `.rpm` files with the same contents.
    pub(crate) rpms: Vec<PathBuf>,
}

impl Corpus {
    /// Downloads and builds what is missing.
    pub(crate) fn prepare() -> io::Result<Self> {
        let top = crate::top();
        let debs = download(&top.join("debs"))?;
        let rpms = if measure::installed("rpmbuild") {
            build(&debs, &top.join("rpms"))?
        } else {
            Vec::new()
        };
        Ok(Self { debs, rpms })
    }
}

fn download(dir: &Path) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(dir)?;
    if measure::listed(dir, "deb")?.len() < ENOUGH {
        eprintln!("downloading packages into {}", dir.display());
        let all = Command::new("apt-get")
            .args(["-q", "download"])
            .args(NAMES.lines())
            .current_dir(dir)
            .status()?;
        if !all.success() {
            // One name that is gone fails them all: take the others one by one.
            for name in NAMES.lines() {
                let _ = measure::run(
                    Command::new("apt-get")
                        .args(["-q", "download", name])
                        .current_dir(dir),
                );
            }
        }
    }
    let debs = measure::listed(dir, "deb")?;
    if debs.len() < ENOUGH {
        return Err(io::Error::other(format!(
            "only {} packages could be downloaded; run apt-get update",
            debs.len()
        )));
    }
    Ok(debs)
}

/// One rpmbuild with a sub-package for each .deb.
fn build(debs: &[PathBuf], dir: &Path) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(dir)?;
    if measure::listed(dir, "rpm")?.len() < ENOUGH {
        eprintln!("building packages into {}", dir.display());
        let work = tempfile::tempdir()?;
        let root = work.path().join("root");
        let mut spec = String::from(
            "Name: corpus\nVersion: 1\nRelease: 1\nSummary: None\nLicense: Various\n\
             AutoReqProv: no\n%description\nNone.\n",
        );
        for deb in debs {
            let name = deb
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let name = name.split('_').next().unwrap_or_default().replace('.', "-");
            let contents = root.join("opt").join(&name);
            std::fs::create_dir_all(&contents)?;
            measure::run(Command::new("dpkg-deb").arg("-x").arg(deb).arg(&contents))?;
            let _ = write!(
                spec,
                "%package -n {name}\nSummary: Contents of {name}\nAutoReqProv: no\n\
                 %description -n {name}\nNone.\n%files -n {name}\n/opt/{name}\n"
            );
        }
        let file = work.path().join("corpus.spec");
        std::fs::write(&file, spec)?;
        let mut rpmbuild = Command::new("rpmbuild");
        rpmbuild
            .args(["-bb", "--quiet", "--nodebuginfo", "--buildroot"])
            .arg(&root);
        for (name, value) in [
            ("_topdir", work.path().join("top").display().to_string()),
            ("_rpmdir", dir.display().to_string()),
            ("_rpmfilename", "%%{name}.rpm".to_owned()),
            ("_binary_payload", "w6.zstdio".to_owned()),
            // Take the files as they are.
            ("__spec_install_pre", "%{nil}".to_owned()),
            ("__spec_install_post", "%{nil}".to_owned()),
        ] {
            rpmbuild.arg("--define").arg(format!("{name} {value}"));
        }
        measure::run(rpmbuild.arg(&file))?;
    }
    measure::listed(dir, "rpm")
}
