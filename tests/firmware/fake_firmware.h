/* Put before every file of a build with fake_firmware.c: the lock that the probe is told to use. */
void fake_lock(void);
void fake_unlock(void);
