/* What a build of the client is made for; every value may be given by -D. */
#ifndef ID2_CONFIG_H
#define ID2_CONFIG_H

/* Where the ID2 key lives, by the numbers of the SDK's irot types. */
#define ID2_CARRIER_KM 1
#define ID2_CARRIER_SE 2
#define ID2_CARRIER_TEE 4
#define ID2_CARRIER_DEMO 5
#ifndef ID2_CARRIER
#define ID2_CARRIER ID2_CARRIER_DEMO
#endif

/* Whether the client can be provisioned in the field: where it keeps the key itself. */
#define ID2_OTP (ID2_CARRIER != ID2_CARRIER_SE)

/* 1 with the part `link`: the firmware asks for its ID2 over the wire, connects by iTLS and speaks MQTT inside. */
#ifndef ID2_LINK
#define ID2_LINK 0
#endif

/* The family of the ID2 key, by the numbers of the SDK's key types. */
#define ID2_FAMILY_3DES 1
#define ID2_FAMILY_AES 2
#define ID2_FAMILY_SM4 7
#ifndef ID2_FAMILY
#define ID2_FAMILY ID2_FAMILY_AES
#endif

/* ID and key of the Demo carrier, and of a TEE that got them in the factory, until OTP data are loaded; an empty ID makes a device without one. The defaults are
 * those that the vendor published for debugging. */
#ifndef ID2_DEMO_ID
#if ID2_FAMILY == ID2_FAMILY_AES
#define ID2_DEMO_ID "2122232425262728292A2B2C"
#elif ID2_FAMILY == ID2_FAMILY_SM4
#define ID2_DEMO_ID "00DBBC60A12BC016BA187800"
#else
#define ID2_DEMO_ID "1112131415161718191A1B1C"
#endif
#endif
#ifndef ID2_DEMO_KEY
#if ID2_FAMILY == ID2_FAMILY_AES
#define ID2_DEMO_KEY "2122232425262728292A2B2C2D2E2F30"
#elif ID2_FAMILY == ID2_FAMILY_SM4
#define ID2_DEMO_KEY "E89731A5A5D7F12E316EBD7BB9110F56"
#else
#define ID2_DEMO_KEY "1112131415161718191A1B1C1D1E1F202122232425262728"
#endif
#endif

/* 1 for a debug build, in which ID and key can be set through the API. */
#ifndef ID2_DEBUG
#define ID2_DEBUG 0
#endif

/* What the service's console gave for this device: a ciphertext in hex and a server code; empty for none. */
#ifndef ID2_CIPHER_DATA
#define ID2_CIPHER_DATA ""
#endif
#ifndef ID2_AUTH_CODE
#define ID2_AUTH_CODE ""
#endif

/* What id2_app asks for codes over: the vendor's constants, unless a build brings fresh ones. */
#ifndef ID2_CHALLENGE
#define ID2_CHALLENGE "55B83408399FA660F05C82E4F25333DC"
#endif
#ifndef ID2_TIMESTAMP
#define ID2_TIMESTAMP "1512022279204"
#endif

/* The product that id2_app is provisioned under. */
#ifndef ID2_PRODUCT_KEY
#define ID2_PRODUCT_KEY "key"
#endif
#ifndef ID2_PRODUCT_SECRET
#define ID2_PRODUCT_SECRET "secret"
#endif

/* 1 prints the self-test of the HAL, 1 the self-test of the client and the validation report, at each start. */
#ifndef ID2_HAL_TEST
#define ID2_HAL_TEST 1
#endif
#ifndef ID2_APP
#define ID2_APP 1
#endif

/* 1 prints every command and answer of the chip, as the SDK's template does. */
#ifndef ID2_CHIP_DEBUG
#define ID2_CHIP_DEBUG 0
#endif

/* Milliseconds that the driver waits for a chip's answer. */
#ifndef ID2_CHIP_TIMEOUT
#define ID2_CHIP_TIMEOUT 3000u
#endif

#endif
