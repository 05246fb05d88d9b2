//! What a file is besides its content: owner, mode, access control lists, labels.

use std::ffi::{CStr, CString};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Gid, Mode, Uid, XattrFlags};
use rustix::io::Errno;

const ACL: &CStr = c"system.posix_acl_access";

/// They vouch for the old content, or the kernel would take them off when it changes.
const OF_CONTENT: [&CStr; 3] = [c"security.ima", c"security.evm", c"security.capability"];

/// Gives `new` the owner, mode and extended attributes of the file it is to replace.
/// Nobody is let in whom the old file kept out.
pub(super) fn take_over(path: &Path, old: &Metadata, new: &File) -> io::Result<()> {
    take_over_owner(old, new)?;
    let names = names(|list| rustix::fs::listxattr(path, list))?;
    let mine = self::names(|list| rustix::fs::flistxattr(new, list))?;
    // A directory may give its own list to whatever is made in it.
    if !names.iter().any(|name| name.as_c_str() == ACL)
        && mine.iter().any(|name| name.as_c_str() == ACL)
    {
        rustix::fs::fremovexattr(new, ACL)?;
    }
    rustix::fs::fchmod(new, Mode::from_raw_mode(old.mode() & 0o777))?;
    for name in names {
        if OF_CONTENT.contains(&name.as_c_str()) {
            continue;
        }
        let Some(value) = value(path, &name)? else {
            continue;
        };
        match rustix::fs::fsetxattr(new, &name, &value, XattrFlags::empty()) {
            Ok(()) => {}
            // Without its list, the mode would let the wrong people in.
            Err(errno) if name.as_c_str() == ACL => return Err(errno.into()),
            // Labels that only the system's administrator may set.
            Err(Errno::PERM | Errno::ACCESS | Errno::OPNOTSUPP | Errno::INVAL) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Owner and group of the old file, as far as we may.
pub(super) fn take_over_owner(old: &Metadata, new: &File) -> io::Result<()> {
    let ours = new.metadata()?;
    if (ours.uid(), ours.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    let (owner, group) = (Uid::from_raw(old.uid()), Gid::from_raw(old.gid()));
    let both = rustix::fs::fchown(new, Some(owner), Some(group));
    let kept = both.or_else(|_| rustix::fs::fchown(new, None, Some(group)));
    match kept {
        // Only root gives files away; the new file is then ours, as any copy would be.
        Ok(()) | Err(Errno::PERM | Errno::INVAL) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// As much as Linux keeps: names of one file together, or one value.
const MOST: usize = 64 << 10;

/// Reads something of unknown size; mostly it is small.
fn sized(read: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> rustix::io::Result<Vec<u8>> {
    let mut bytes = vec![0; 512];
    let size = match read(&mut bytes) {
        Err(Errno::RANGE) => {
            bytes.resize(MOST, 0);
            read(&mut bytes)?
        }
        size => size?,
    };
    bytes.truncate(size);
    Ok(bytes)
}

fn names(list: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> io::Result<Vec<CString>> {
    match sized(list) {
        Ok(bytes) => Ok(bytes
            .split(|&byte| byte == 0)
            .filter(|name| !name.is_empty())
            .flat_map(CString::new)
            .collect()),
        // A file system without any.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(Vec::new()),
        Err(errno) => Err(errno.into()),
    }
}

fn value(path: &Path, name: &CStr) -> io::Result<Option<Vec<u8>>> {
    match sized(|value| rustix::fs::getxattr(path, name, value)) {
        Ok(value) => Ok(Some(value)),
        // Gone since it was listed, or not for our eyes.
        Err(Errno::NODATA | Errno::PERM | Errno::ACCESS | Errno::OPNOTSUPP) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}
