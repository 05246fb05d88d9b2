//! A pool of 1,000 packages: of real ones where `PKGSEAL_DEBS` names a folder of them, else
//! made here, always the same, with the sizes of Debian's (median 59 kB, nine tenths below
//! 1.45 MB).

use std::io;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::deb::Deb;

use crate::measure;

const PACKAGES: usize = 1000;

/// Quantiles of the sizes of Debian's packages, cut where a few giants would hide the rest.
const SIZES: &[(f64, f64)] = &[
    (0.00, 3e3),
    (0.10, 8e3),
    (0.25, 20e3),
    (0.50, 59e3),
    (0.75, 330e3),
    (0.90, 1.45e6),
    (1.00, 2e6),
];

/// The packages and their bytes together.
pub(super) struct Pool {
    pub(super) debs: Vec<PathBuf>,
    pub(super) bytes: u64,
}

/// Finds the packages, or makes them once below `folder`.
pub(super) fn prepare(folder: &Path) -> io::Result<Pool> {
    let debs = match std::env::var_os("PKGSEAL_DEBS") {
        Some(named) => {
            let mut debs = measure::listed_below(Path::new(&named), "deb")?;
            debs.truncate(PACKAGES);
            debs
        }
        None => made(folder)?,
    };
    let bytes = debs
        .iter()
        .map(|deb| Ok(deb.metadata()?.len()))
        .sum::<io::Result<u64>>()?;
    Ok(Pool { debs, bytes })
}

fn made(folder: &Path) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    if measure::listed(folder, "deb")?.len() < PACKAGES {
        eprintln!("building {PACKAGES} packages into {}", folder.display());
        for number in 0..PACKAGES {
            let deb = package(number);
            std::fs::write(folder.join(deb.file_name()), deb.build())?;
        }
    }
    measure::listed(folder, "deb")
}

/// One package, its content beyond compression.
fn package(number: usize) -> Deb {
    // Spread over the pool, so that neighbours differ.
    let place = (number * 617) % PACKAGES;
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15 ^ (number as u64 + 1));
    let mut content = Vec::new();
    let size = size(place as f64 / PACKAGES as f64);
    while (content.len() as f64) < size {
        content.extend(noise.next().to_le_bytes());
    }
    let name = format!("package{number:04}");
    Deb::new(&name, &format!("1.{number}-1"), "amd64")
        .compressed(Compression::Xz, Compression::None)
        .field(
            "Depends",
            "libc6 (>= 2.34), libgcc-s1 (>= 3.0), zlib1g (>= 1:1.2.11)",
        )
        .field("Homepage", &format!("https://{name}.test.invalid/"))
        .field("Multi-Arch", "same")
        .file(&format!("usr/lib/{name}/data"), &content)
}

/// The size at this quantile, between the table's points on a logarithmic scale.
fn size(quantile: f64) -> f64 {
    let mut last = (0.0, 3e3);
    for &(at, size) in SIZES {
        if quantile < at {
            let share = (quantile - last.0) / (at - last.0);
            return (f64::ln(last.1) * (1.0 - share) + f64::ln(size) * share).exp();
        }
        last = (at, size);
    }
    last.1
}

/// Marsaglia's xorshift: the same on every machine.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
