/*
 * Device id and reserved partition, which the maker of the board writes.
 *
 * Ours, not the vendor's: names and signatures only, for builds without his SDK. With his headers on the include path
 * leave this folder out of it.
 */
#ifndef ID2_OWN_LS_HAL_KM_H
#define ID2_OWN_LS_HAL_KM_H

#include <stdint.h>

#define LS_HAL_READ 1
#define LS_HAL_WRITE 2

int ls_hal_get_dev_id(uint8_t *dev_id, uint32_t *id_len);
int ls_hal_open_rsvd_part(int flag);
int ls_hal_write_rsvd_part(int fd, uint32_t offset, void *data, uint32_t data_len);
int ls_hal_read_rsvd_part(int fd, uint32_t offset, void *buffer, uint32_t read_len);
int ls_hal_close_rsvd_part(int fd);

#endif
