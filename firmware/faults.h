/*
 * Faults that can be compiled into the firmware: at most one in a build, by -DID2_FAULT=ID2_FAULT_<NAME>.
 *
 * A fault is real code in the client, the port or the board behind `if (ID2_FAULT_IS(NAME))`. It shows that the
 * scenarios find what they say they find. Without ID2_FAULT a build is sound.
 */
#ifndef ID2_FAULTS_H
#define ID2_FAULTS_H

#define ID2_FAULT_NONE 1

#ifndef ID2_FAULT
#define ID2_FAULT ID2_FAULT_NONE
#endif

/* For #if and for if: a name that is not defined here is 0 to the preprocessor, and no build has fault 0. */
#define ID2_FAULT_IS(name) (ID2_FAULT == ID2_FAULT_##name)

#endif
