"""What tools print on a made-up phone, for tests of acquisitions."""

from pathlib import Path

GETPROP = """[ro.product.manufacturer]: [Example]
[ro.product.model]: [E1]
[ro.build.version.release]: [14]
[ro.build.version.sdk]: [34]
[ro.build.version.security_patch]: [2024-03-05]
[ro.crypto.state]: [encrypted]
[ro.boot.verifiedbootstate]: [orange]
[ro.boot.flash.locked]: [0]
[persist.adb.tcp.port]: [5555]
[persist.sys.timezone]: [Europe/Berlin]
"""
DUMPSYS = """-------------------------------------------------------------------------------
DUMP OF SERVICE CRITICAL accessibility:
     Enabled services:{{org.example.spy/org.example.spy.Watcher}}
--------- 0.004s was the duration of dumpsys accessibility, ending at: 2026-01-02 03:04:05
-------------------------------------------------------------------------------
DUMP OF SERVICE device_policy:
  Enabled Device Admins (User 0, provisioningState: 0):
    org.example.spy/.Admin:
      uid=10200
-------------------------------------------------------------------------------
DUMP OF SERVICE appops:
  Uid u0a200:
    Package org.example.spy:
      REQUEST_INSTALL_PACKAGES (allow):
          Access: [fg-s] 2026-01-01 10:00:00.000 (-1d)
    Package org.example.mail:
      REQUEST_INSTALL_PACKAGES (ignore):
-------------------------------------------------------------------------------
DUMP OF SERVICE package:
Service Resolver Table:
  Non-Data Actions:
      android.accessibilityservice.AccessibilityService:
        1a2b3c org.example.spy/.Watcher

Receiver Resolver Table:
  Non-Data Actions:
      android.intent.action.BOOT_COMPLETED:
        4d5e6f org.example.spy/.Boot (2 filters)

Packages:
  Package [org.example.spy] (d64f8e0):
    userId=10200
    versionCode=7 minSdk=21 targetSdk=22
    versionName=1.2
    flags=[ DEBUGGABLE HAS_CODE ALLOW_BACKUP ]
    firstInstallTime=2026-01-01 10:00:00
    lastUpdateTime=2026-01-02 10:00:00
    installerPackageName=com.android.packageinstaller
    requested permissions:
      android.permission.READ_SMS
      android.permission.INTERNET: restricted=true
    install permissions:
      android.permission.INTERNET: granted=true
    User 0: ceDataInode=1 installed=true hidden=false enabled=0 instant=false
      runtime permissions:
        android.permission.READ_SMS: granted=true, flags=[ USER_SET]
        android.permission.CAMERA: granted=false
  Package [org.example.gone] (d64f8e1):
    versionCode=1 minSdk=21 targetSdk=22
    User 0: ceDataInode=1 installed=false hidden=false enabled=0 instant=false
  Package [com.example.guard] (d64f8e2):
    versionCode=1 minSdk=21 targetSdk=34
    flags=[ SYSTEM HAS_CODE ]
    User 0: ceDataInode=1 installed=true hidden=false enabled=3 instant=false

Shared users:
"""
SETTINGS = """adb_enabled=1
development_settings_enabled=1
package_verifier_enable=0
enabled_notification_listeners=org.example.spy/.Ears:com.example.guard/.Ears
enabled_accessibility_services=null
sms_default_application=com.android.mms
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
