/*
 * Return codes of the ID2 client and of the SE driver.
 *
 * Ours, not the vendor's: names and signatures only, for builds without his SDK. With his headers on the include path
 * leave this folder out of it.
 */
#ifndef ID2_OWN_IROT_RESULT_H
#define ID2_OWN_IROT_RESULT_H

typedef int irot_result_t;

#define IROT_SUCCESS 0
#define IROT_ERROR_GENERIC (-1)
#define IROT_ERROR_BAD_PARAMETERS (-2)
#define IROT_ERROR_SHORT_BUFFER (-3)
#define IROT_ERROR_EXCESS_DATA (-4)
#define IROT_ERROR_OUT_OF_MEMORY (-5)
#define IROT_ERROR_COMMUNICATION (-7)
#define IROT_ERROR_NOT_SUPPORTED (-8)
#define IROT_ERROR_NOT_IMPLEMENTED (-9)
#define IROT_ERROR_TIMEOUT (-10)
#define IROT_ERROR_ITEM_NOT_FOUND (-11)

#endif
