//! Making the index and signing it: everyone hashes all packages, writes `Packages` plain,
//! .gz and .xz, a Release, and signs.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::measure::{cost, installed, run};

use super::Bench;
use crate::lines::Line;

const COLD: &str = "index, cold";
const UNCHANGED: &str = "index, nothing changed";

/// Ours first, in both kinds of work.
pub(super) fn lines(bench: &Bench<'_>) -> io::Result<Vec<Line>> {
    let mut lines = pkgseal(bench)?;
    if installed("apt-ftparchive") {
        lines.extend(ftparchive(bench)?);
    }
    if installed("reprepro") {
        lines.extend(reprepro(bench)?);
    }
    if installed("aptly") {
        lines.extend(aptly(bench)?);
    }
    // The sort keeps the order within a kind: ours first.
    lines.sort_by_key(|line| line.work);
    Ok(lines)
}

/// `pkgseal apt index` of a repository.
pub(super) fn command(bench: &Bench<'_>, root: &Path) -> Command {
    let mut index = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
    index
        .args(["apt", "index", "--suite", "stable", "--key"])
        .arg(&bench.key.secret)
        .arg(root);
    index
}

fn pkgseal(bench: &Bench<'_>) -> io::Result<Vec<Line>> {
    let root = bench.fresh_pool("pkgseal")?;
    let index = || command(bench, &root);
    let cold = cost(|| bench.fresh_pool("pkgseal").map(drop), index)?;
    // Packages that appeared a moment ago are read again: they might still be written to.
    std::thread::sleep(Duration::from_secs(3));
    run(&mut index())?;
    let unchanged = cost(|| Ok(()), index)?;
    Ok(vec![
        Line::new(COLD, "pkgseal apt index", cold),
        Line::new(UNCHANGED, "pkgseal apt index", unchanged),
    ])
}

const FTPARCHIVE: &str = r#"
Dir { ArchiveDir "."; CacheDir "cache"; };
Default { Packages::Compress ". gzip xz"; };
TreeDefault {
    Directory "pool/$(SECTION)";
    Packages "$(DIST)/$(SECTION)/binary-$(ARCH)/Packages";
    @database@
};
Tree "dists/stable" { Sections "main"; Architectures "amd64"; };
"#;

/// The Release stands outside of the folder until it is whole: else it would list itself.
const FTPARCHIVE_RUN: &str = "
apt-ftparchive -q $OPTIONS generate generate.conf
apt-ftparchive -q $OPTIONS -o APT::FTPArchive::DoByHash=true \
    -o APT::FTPArchive::Release::Suite=stable \
    -o APT::FTPArchive::Release::Components=main \
    -o APT::FTPArchive::Release::Architectures=amd64 \
    release dists/stable > Release.new
mv Release.new dists/stable/Release
gpg --batch --yes --quiet --local-user $KEY --armor --detach-sign \
    --output dists/stable/Release.gpg dists/stable/Release
gpg --batch --yes --quiet --local-user $KEY --clearsign \
    --output dists/stable/InRelease dists/stable/Release
";

/// Its best case lists SHA-256 alone; its database only pays when nothing has changed.
fn ftparchive(bench: &Bench<'_>) -> io::Result<Vec<Line>> {
    let least = "-o APT::FTPArchive::MD5=false -o APT::FTPArchive::SHA1=false \
                 -o APT::FTPArchive::SHA512=false";
    let mut lines = Vec::new();
    for (digests, options) in [("SHA-256 alone", least), ("all digests", "")] {
        for (database, setting) in [
            ("", ""),
            (", database", "BinCacheDB \"packages-$(ARCH).db\";"),
        ] {
            let fresh = || {
                let root = bench.fresh_pool("apt-ftparchive")?;
                std::fs::create_dir(root.join("cache"))?;
                std::fs::create_dir_all(root.join("dists/stable/main/binary-amd64"))?;
                let config = FTPARCHIVE.replace("@database@", setting);
                std::fs::write(root.join("generate.conf"), config)?;
                Ok(root)
            };
            let root = fresh()?;
            let work = || {
                let mut script = bench.script(&root, FTPARCHIVE_RUN);
                script.env("OPTIONS", options);
                script
            };
            let name = format!("apt-ftparchive and gpg, {digests}{database}");
            let cold = cost(|| fresh().map(drop), work)?;
            lines.push(Line::new(COLD, name.clone(), cold));
            lines.push(Line::new(UNCHANGED, name, cost(|| Ok(()), work)?));
        }
    }
    Ok(lines)
}

/// A fresh reprepro.
fn reprepro_base(bench: &Bench<'_>, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder.join("conf"))?;
    std::fs::write(
        folder.join("conf/distributions"),
        format!(
            "Codename: stable\nArchitectures: amd64\nComponents: main\n\
             DebIndices: Packages Release . .gz .xz\nSignWith: {}\n",
            bench.key.fingerprint
        ),
    )
}

/// Its name for the packages on a command line.
fn all(bench: &Bench<'_>) -> String {
    let folder = bench.pool.debs.first().and_then(|deb| deb.parent());
    format!("{}/*.deb", folder.unwrap_or(Path::new(".")).display())
}

/// A reprepro that has taken in every package, for its own verification.
pub(super) fn reprepro_filled(bench: &Bench<'_>) -> io::Result<std::path::PathBuf> {
    let folder = bench.fresh("reprepro")?;
    reprepro_base(bench, &folder)?;
    let script = format!("reprepro --silent includedeb stable {}", all(bench));
    run(&mut bench.script(&folder, &script))?;
    Ok(folder)
}

fn reprepro(bench: &Bench<'_>) -> io::Result<Vec<Line>> {
    let folder = bench.fresh("reprepro")?;
    let include = format!("reprepro --silent includedeb stable {}", all(bench));
    let cold = cost(
        || reprepro_base(bench, &bench.fresh("reprepro")?),
        || bench.script(&folder, &include),
    )?;
    let export = cost(|| Ok(()), || bench.script(&folder, "reprepro export"))?;
    Ok(vec![
        Line::new(COLD, "reprepro includedeb", cold),
        Line::new(UNCHANGED, "reprepro export", export),
    ])
}

fn aptly(bench: &Bench<'_>) -> io::Result<Vec<Line>> {
    let folder = bench.fresh("aptly")?;
    let fresh = || {
        let folder = bench.fresh("aptly")?;
        let config = format!("{{\"rootDir\": \"{}\"}}\n", folder.display());
        std::fs::write(folder.join("aptly.conf"), config)
    };
    // Contents files are nobody else's work here.
    let options = "-batch -gpg-key=$KEY -skip-contents -skip-bz2";
    let packages = all(bench);
    let packages = Path::new(&packages).parent().unwrap_or(Path::new("."));
    let publish = format!(
        "aptly -config=aptly.conf repo create -distribution=stable all
         aptly -config=aptly.conf repo add all {}
         aptly -config=aptly.conf publish repo -architectures=amd64 {options} all",
        packages.display()
    );
    let cold = cost(fresh, || bench.script(&folder, &publish))?;
    let update = format!("aptly -config=aptly.conf publish update {options} stable");
    let unchanged = cost(|| Ok(()), || bench.script(&folder, &update))?;
    Ok(vec![
        Line::new(COLD, "aptly repo add, publish", cold),
        Line::new(UNCHANGED, "aptly publish update", unchanged),
    ])
}
